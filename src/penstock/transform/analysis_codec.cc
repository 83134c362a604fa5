#include "penstock/transform/analysis_codec.h"

namespace penstock::transform {
namespace {

void EncodeMoments(const MomentsResult& moments, v1::Moments& message) {
  message.set_num_values(moments.num_values);
  message.set_mean(moments.mean);
  message.set_variance(moments.variance);
  message.set_minimum(moments.minimum);
  message.set_maximum(moments.maximum);
  message.set_sum(moments.sum);
  message.set_num_present(moments.num_present);
  message.set_tukey_location(moments.tukey_location);
  message.set_tukey_scale(moments.tukey_scale);
  message.set_tukey_left(moments.tukey_left);
  message.set_tukey_right(moments.tukey_right);
}

MomentsResult DecodeMoments(const v1::Moments& stored) {
  return {.num_values = stored.num_values(),
          .mean = stored.mean(),
          .variance = stored.variance(),
          .minimum = stored.minimum(),
          .maximum = stored.maximum(),
          .sum = stored.sum(),
          .num_present = stored.num_present(),
          .tukey_location = stored.tukey_location(),
          .tukey_scale = stored.has_tukey_scale() ? stored.tukey_scale() : 1,
          .tukey_left = stored.tukey_left(),
          .tukey_right = stored.tukey_right()};
}

template <class From, class To>
void Copy(const From& from, To& to) {
  to.assign(from.begin(), from.end());
}

void EncodeKeyed(const KeyedMomentsResult& keyed, v1::KeyedMoments& stored) {
  for (const std::string& key : keyed.keys) stored.add_keys(key);
  for (const MomentsResult& of_key : keyed.values) EncodeMoments(of_key, *stored.add_moments());
}

void EncodeKeyed(const KeyedQuantilesResult& keyed, v1::KeyedQuantiles& stored) {
  for (const std::string& key : keyed.keys) stored.add_keys(key);
  for (const QuantilesResult& of_key : keyed.values) {
    stored.add_quantiles()->mutable_boundaries()->Add(of_key.boundaries.begin(), of_key.boundaries.end());
  }
}

void EncodeCounts(const CountsResult& counts, v1::Counts& stored) {
  for (const std::string& key : counts.keys) stored.add_keys(key);
  stored.mutable_counts()->Add(counts.values.begin(), counts.values.end());
}

void EncodeIntegers(const IntegersResult& integers, v1::Integers& stored) {
  stored.set_num_values(integers.num_values);
  stored.set_minimum(integers.minimum);
  stored.set_maximum(integers.maximum);
  stored.set_sum(integers.sum);
}

void EncodeCovariance(const CovarianceResult& covariance, v1::Covariance& stored) {
  stored.set_dimension(covariance.dimension);
  stored.mutable_covariance()->Add(covariance.covariance.begin(), covariance.covariance.end());
  stored.mutable_components()->Add(covariance.components.begin(), covariance.components.end());
}

void EncodeDocuments(const DocumentsResult& documents, v1::Documents& stored) {
  stored.set_num_documents(documents.num_documents);
  stored.mutable_terms()->Add(documents.terms.begin(), documents.terms.end());
  stored.mutable_counts()->Add(documents.counts.begin(), documents.counts.end());
}

void EncodeVocabulary(const Vocabulary& vocabulary, v1::Vocabulary& stored) {
  for (int64_t id = 0; id < vocabulary.size(); ++id) stored.add_tokens(std::string(vocabulary.token(id)));
  stored.mutable_scores()->Add(vocabulary.scores().begin(), vocabulary.scores().end());
}

void EncodeResult(const Analysis& analysis, v1::Analysis& message) {
  if (const auto* moments = std::get_if<MomentsResult>(&analysis.result)) {
    EncodeMoments(*moments, *message.mutable_moments());
  } else if (const auto* keyed = std::get_if<KeyedMomentsResult>(&analysis.result)) {
    EncodeKeyed(*keyed, *message.mutable_keyed_moments());
  } else if (const auto* quantiles = std::get_if<QuantilesResult>(&analysis.result)) {
    v1::Quantiles& stored = *message.mutable_quantiles();
    stored.mutable_boundaries()->Add(quantiles->boundaries.begin(), quantiles->boundaries.end());
  } else if (const auto* by_key = std::get_if<KeyedQuantilesResult>(&analysis.result)) {
    EncodeKeyed(*by_key, *message.mutable_keyed_quantiles());
  } else if (const auto* median = std::get_if<MedianResult>(&analysis.result)) {
    v1::Median& stored = *message.mutable_median();
    if (median->median.has_value()) stored.set_value(*median->median);
  } else if (const auto* vocabulary = std::get_if<VocabularyResult>(&analysis.result)) {
    EncodeVocabulary(**vocabulary, *message.mutable_vocabulary());
  } else if (const auto* integers = std::get_if<IntegersResult>(&analysis.result)) {
    EncodeIntegers(*integers, *message.mutable_integers());
  } else if (const auto* counts = std::get_if<CountsResult>(&analysis.result)) {
    EncodeCounts(*counts, *message.mutable_counts());
  } else if (const auto* covariance = std::get_if<CovarianceResult>(&analysis.result)) {
    EncodeCovariance(*covariance, *message.mutable_covariance());
  } else if (const auto* documents = std::get_if<DocumentsResult>(&analysis.result)) {
    EncodeDocuments(*documents, *message.mutable_documents());
  }
}

QuantilesResult DecodeQuantiles(const v1::Quantiles& stored) {
  return {{stored.boundaries().begin(), stored.boundaries().end()}};
}

AnalysisResult DecodeResult(const v1::Analysis& message) {
  switch (message.result_case()) {
    case v1::Analysis::kMoments:
      return DecodeMoments(message.moments());
    case v1::Analysis::kKeyedMoments: {
      KeyedMomentsResult keyed;
      Copy(message.keyed_moments().keys(), keyed.keys);
      for (const v1::Moments& stored : message.keyed_moments().moments())
        keyed.values.push_back(DecodeMoments(stored));
      return keyed;
    }
    case v1::Analysis::kQuantiles:
      return DecodeQuantiles(message.quantiles());
    case v1::Analysis::kKeyedQuantiles: {
      KeyedQuantilesResult keyed;
      Copy(message.keyed_quantiles().keys(), keyed.keys);
      for (const v1::Quantiles& stored : message.keyed_quantiles().quantiles())
        keyed.values.push_back(DecodeQuantiles(stored));
      return keyed;
    }
    case v1::Analysis::kMedian: {
      const v1::Median& stored = message.median();
      return MedianResult{stored.has_value() ? std::optional<double>(stored.value()) : std::nullopt};
    }
    case v1::Analysis::kVocabulary: {
      std::vector<std::string> tokens;
      std::vector<double> scores;
      Copy(message.vocabulary().tokens(), tokens);
      Copy(message.vocabulary().scores(), scores);
      return VocabularyResult(std::make_shared<const Vocabulary>(tokens, std::move(scores)));
    }
    case v1::Analysis::kIntegers: {
      const v1::Integers& stored = message.integers();
      return IntegersResult{stored.num_values(), stored.minimum(), stored.maximum(), stored.sum()};
    }
    case v1::Analysis::kCounts: {
      CountsResult counts;
      Copy(message.counts().keys(), counts.keys);
      Copy(message.counts().counts(), counts.values);
      return counts;
    }
    case v1::Analysis::kCovariance: {
      CovarianceResult covariance{.dimension = message.covariance().dimension()};
      Copy(message.covariance().covariance(), covariance.covariance);
      Copy(message.covariance().components(), covariance.components);
      return covariance;
    }
    case v1::Analysis::kDocuments: {
      DocumentsResult documents{.num_documents = message.documents().num_documents()};
      Copy(message.documents().terms(), documents.terms);
      Copy(message.documents().counts(), documents.counts);
      return documents;
    }
    case v1::Analysis::RESULT_NOT_SET:
      break;
  }
  return {};
}

void EncodeOptions(const VocabularyOptions& options, v1::VocabularyOptions& message) {
  if (options.has_threshold) message.set_threshold(options.frequency_threshold);
  message.set_file_name(options.file_name);
  message.set_token_when_empty(options.token_when_empty);
  for (const std::string& token : options.reserved_tokens) message.add_reserved_tokens(token);
  message.set_stores_frequency(options.stores_frequency);
  message.set_keeps_all_tokens(options.keeps_all_tokens);
  message.set_is_shuffled(options.is_shuffled);
  message.set_is_adjusted(options.is_adjusted);
  message.set_min_diff_from_avg(options.min_diff_from_avg);
  message.set_coverage_key(options.coverage_key);
  message.set_coverage_top_k(options.coverage_top_k);
  if (options.has_coverage_threshold) message.set_coverage_threshold(options.coverage_threshold);
}

void DecodeOptions(const v1::Analysis& analysis, VocabularyOptions& options) {
  const v1::VocabularyOptions& message = analysis.vocabulary_options();
  options.top_k = analysis.top_k();
  options.has_threshold = message.has_threshold() || analysis.frequency_threshold() != 0;
  options.frequency_threshold =
      message.has_threshold() ? message.threshold() : static_cast<double>(analysis.frequency_threshold());
  // What is not written has its defaults, which are not all 0.
  if (!analysis.has_vocabulary_options()) return;
  options.file_name = message.file_name();
  options.token_when_empty = message.token_when_empty();
  Copy(message.reserved_tokens(), options.reserved_tokens);
  options.stores_frequency = message.stores_frequency();
  options.keeps_all_tokens = message.keeps_all_tokens();
  options.is_shuffled = message.is_shuffled();
  options.is_adjusted = message.is_adjusted();
  options.min_diff_from_avg = message.min_diff_from_avg();
  options.coverage_key = message.coverage_key();
  options.coverage_top_k = message.coverage_top_k();
  options.has_coverage_threshold = message.has_coverage_threshold();
  options.coverage_threshold = message.coverage_threshold();
}

}  // namespace

void EncodeAnalysis(const Analysis& analysis, v1::Analysis& message) {
  message.set_kind(std::string(NameOf(analysis.kind)));
  message.set_input(analysis.input);
  message.set_num_buckets(analysis.num_buckets);
  message.set_top_k(analysis.vocabulary.top_k);
  if (analysis.key >= 0) message.set_key(analysis.key);
  if (analysis.weight >= 0) message.set_weight(analysis.weight);
  if (analysis.label >= 0) message.set_label(analysis.label);
  message.set_is_narrow(analysis.is_narrow);
  message.set_needs_tukey(analysis.needs_tukey);
  message.set_needs_components(analysis.needs_components);
  if (!(analysis.vocabulary == VocabularyOptions{}))
    EncodeOptions(analysis.vocabulary, *message.mutable_vocabulary_options());
  EncodeResult(analysis, message);
}

Status DecodeAnalysis(const v1::Analysis& message, Analysis& analysis) {
  for (int kind = 0; kind < kNumAnalysisKinds; ++kind) {
    analysis.kind = static_cast<AnalysisKind>(kind);
    if (message.kind() != NameOf(analysis.kind)) continue;
    analysis.input = message.input();
    analysis.num_buckets = message.num_buckets();
    analysis.key = message.has_key() ? message.key() : -1;
    analysis.weight = message.has_weight() ? message.weight() : -1;
    analysis.label = message.has_label() ? message.label() : -1;
    analysis.is_narrow = message.is_narrow();
    analysis.needs_tukey = message.needs_tukey();
    analysis.needs_components = message.needs_components();
    // What has no vocabulary has no options of one; those of before had but two.
    if (analysis.kind == AnalysisKind::kVocabulary || message.has_vocabulary_options())
      DecodeOptions(message, analysis.vocabulary);
    analysis.result = DecodeResult(message);
    return OkStatus();
  }
  return DataLoss("unknown analysis '{}'", message.kind());
}

}  // namespace penstock::transform
