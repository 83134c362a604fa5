#include <algorithm>

#include "penstock/model/saved_model/graph_builder.h"
#include "penstock/transform/vocabulary.h"

namespace penstock::model::saved_model {

using tensorflow::NodeDef;

void GraphBuilder::NameVocabulary(const transform::Vocabulary& vocabulary, std::string file_name) {
  vocabulary_names_.emplace(&vocabulary, std::move(file_name));
}

/// A hash table, filled from a file of a token a line where lines can hold them, else from constants.
std::string GraphBuilder::TableOf(const transform::Vocabulary& vocabulary) {
  std::string lines;
  bool fits_lines = true;
  for (int64_t id = 0; id < vocabulary.size(); ++id) {
    const std::string_view token = vocabulary.token(id);
    fits_lines &= token.find_first_of("\r\n") == std::string_view::npos;
    lines += token;
    lines += '\n';
  }
  std::string& known = tables_[lines];
  if (fits_lines && !known.empty()) return known;
  NodeDef& table = Node("HashTableV2", {});
  auto& attributes = *table.mutable_attr();
  attributes["key_dtype"].set_type(tensorflow::DT_STRING);
  attributes["value_dtype"].set_type(tensorflow::DT_INT64);
  attributes["shared_name"].set_s("penstock_table_" + std::to_string(tables_.size()));
  const std::string name = table.name();
  if (!fits_lines) {
    tensorflow::TensorProto tokens, ids;
    tokens.set_dtype(tensorflow::DT_STRING);
    ids.set_dtype(tensorflow::DT_INT64);
    for (auto* tensor : {&tokens, &ids})
      tensor->mutable_tensor_shape()->add_dim()->set_size(vocabulary.size());
    for (int64_t id = 0; id < vocabulary.size(); ++id) {
      tokens.add_string_val(std::string(vocabulary.token(id)));
      ids.add_int64_val(id);
    }
    const std::string keys = Constant(tokens), values = Constant(ids);
    NodeDef& fill = Node("InitializeTableV2", {name, keys, values});
    (*fill.mutable_attr())["Tkey"].set_type(tensorflow::DT_STRING);
    (*fill.mutable_attr())["Tval"].set_type(tensorflow::DT_INT64);
    initializers_.push_back(fill.name());
    return name;
  }
  const auto named = vocabulary_names_.find(&vocabulary);
  std::string file_name =
      named != vocabulary_names_.end() ? named->second : "vocabulary_" + std::to_string(assets_.size());
  const auto is_taken = [&](const Asset& asset) { return asset.file_name == file_name; };
  while (std::any_of(assets_.begin(), assets_.end(), is_taken)) file_name += "_";
  // A node of its own for each file: what loads the model puts the path in.
  NodeDef& path = Node("Const", {}, "penstock/asset_" + std::to_string(assets_.size()));
  (*path.mutable_attr())["dtype"].set_type(tensorflow::DT_STRING);
  auto& value = *(*path.mutable_attr())["value"].mutable_tensor();
  value.set_dtype(tensorflow::DT_STRING);
  value.mutable_tensor_shape();
  value.add_string_val(file_name);
  const std::string path_name = path.name();
  NodeDef& fill = Node("InitializeTableFromTextFileV2", {name, path_name});
  (*fill.mutable_attr())["key_index"].set_i(-2);    // The whole line.
  (*fill.mutable_attr())["value_index"].set_i(-1);  // Its number.
  (*fill.mutable_attr())["vocab_size"].set_i(vocabulary.size());
  initializers_.push_back(fill.name());
  known = name;
  assets_.push_back({std::move(file_name), std::move(lines), path_name});
  return name;
}

Result<Tensor> GraphBuilder::Lookup(const Tensor& text, const transform::Vocabulary& vocabulary,
                                    Tensor unknown) {
  const std::string table = TableOf(vocabulary);
  tensorflow::TensorProto nowhere;
  nowhere.set_dtype(tensorflow::DT_INT64);
  nowhere.mutable_tensor_shape();
  nowhere.add_int64_val(-1);
  const std::string fallback = Constant(nowhere);
  NodeDef& find = Node("LookupTableFindV2", {table, text.name, fallback});
  (*find.mutable_attr())["Tin"].set_type(tensorflow::DT_STRING);
  (*find.mutable_attr())["Tout"].set_type(tensorflow::DT_INT64);
  const Tensor place = Cast({find.name(), Element::kInteger, 1, text.is_constant}, Element::kNumber);
  return Where(Apply(TensorOp::kLess, place, Number(0)), unknown, place);
}

std::string GraphBuilder::Initializer() {
  if (initializers_.empty()) return "";
  std::vector<std::string> inputs;
  for (const std::string& initializer : initializers_) inputs.push_back("^" + initializer);
  return Node("NoOp", inputs, "penstock/initialize").name();
}

}  // namespace penstock::model::saved_model
