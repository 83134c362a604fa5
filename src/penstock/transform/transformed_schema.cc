#include "penstock/transform/transformed_schema.h"

#include <algorithm>
#include <map>
#include <string>

#include "penstock/transform/program.h"

namespace penstock::transform {

namespace tfmd = tensorflow::metadata::v0;

tfmd::Schema TransformedSchema(const TransformGraph& graph) {
  std::map<std::string, size_t> by_name;
  for (size_t i = 0; i < graph.output_schema().size(); ++i) by_name.emplace(graph.output_schema()[i].name, i);
  tfmd::Schema schema;
  for (const auto& [name, place] : by_name) {
    const FeatureSchema* const feature = &graph.output_schema()[place];
    const Program& program = graph.program();
    const Node& node = program.nodes[static_cast<size_t>(program.features[place].node)];
    tfmd::Feature& declared = *schema.add_feature();
    declared.set_name(name);
    const bool is_number = feature->type == ValueType::kNumber || feature->type == ValueType::kVector;
    declared.set_type(feature->type == ValueType::kText ? tfmd::BYTES : is_number ? tfmd::FLOAT : tfmd::INT);
    if (!feature->is_list) {
      declared.mutable_presence()->set_min_fraction(1);
      declared.mutable_shape();
      if (feature->kind == FeatureKind::kVector)
        declared.mutable_shape()->add_dim()->set_size(feature->width);
    }
    if (feature->kind != FeatureKind::kCategorical) continue;
    tfmd::IntDomain& domain = *declared.mutable_int_domain();
    // Without a bucket for what is not in it, a vocabulary has one more id.
    const bool has_default = node.op == Operator::kVocabulary && node.num_oov_buckets == 0;
    domain.set_min(has_default ? std::min<int64_t>(0, node.integer) : 0);
    domain.set_max(std::max(feature->num_buckets - 1, has_default ? node.integer : int64_t{0}));
    domain.set_is_categorical(true);
  }
  return schema;
}

}  // namespace penstock::transform
