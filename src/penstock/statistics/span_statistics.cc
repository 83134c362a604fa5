#include "penstock/statistics/span_statistics.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include <fmt/format.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/combine/fold.h"
#include "penstock/statistics/dataset_statistics.h"
#include "penstock/statistics/sampled_dataset.h"
#include "penstock/statistics/sliced_statistics.h"
#include "penstock/statistics/state_cache.h"

namespace penstock::statistics {

namespace {

namespace v0 = tensorflow::metadata::v0;

/// What else than the files decides over a span's state, but for the combiner.
Digest DigestOfReading(const data::DatasetOptions& reading, const StatisticsOptions& options) {
  DigestBuilder digest;
  digest.Add("statistics-span/2").Add(static_cast<int64_t>(reading.format));
  digest.Add(std::string_view(&reading.csv.delimiter, 1));
  for (const auto* names : {&reading.csv.column_names, &reading.csv.null_values, &reading.columns}) {
    digest.Add(static_cast<int64_t>(names->size()));
    for (const std::string& name : *names) digest.Add(name);
  }
  for (const v0::Schema* schema : {reading.schema, options.schema})
    digest.Add(schema == nullptr ? "" : SerializeDeterministically(*schema));
  digest.Add(reading.max_batch_rows).Add(options.sample_rate);
  return digest.Finish();
}

Status DigestFiles(const Span& span, const Digest& of_reading, const ExecutionOptions& execution,
                   Digest& digest, SpanRead& read) {
  std::vector<Digest> digests(span.files.size());
  std::atomic<int64_t> num_bytes = 0;
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(span.files.size()), execution, [&](int64_t i) -> Status {
        const std::string& file = span.files[static_cast<size_t>(i)];
        PENSTOCK_ASSIGN_OR_RETURN(digests[static_cast<size_t>(i)], fs::DigestOfTree(file));
        PENSTOCK_ASSIGN_OR_RETURN(const auto entry, fs::Stat(file));
        num_bytes += entry.size;
        return OkStatus();
      }));
  read.num_files = static_cast<int64_t>(span.files.size());
  read.num_bytes = num_bytes;
  DigestBuilder builder;
  builder.Add(of_reading);
  // Names count for the format, which follows from what stands behind their first dot; "00001-of-00003"
  // before it is another number where the window has moved.
  for (size_t i = 0; i < digests.size(); ++i) {
    const std::string name = fs::BaseName(span.files[i]);
    builder.Add(digests[i]).Add(std::string_view(name).substr(std::min(name.find('.'), name.size())));
  }
  digest = builder.Finish();
  return OkStatus();
}

Status CheckSameColumns(const arrow::Schema& first, const std::string& first_name, const arrow::Schema& other,
                        const std::string& name) {
  if (first.Equals(other, false)) return OkStatus();
  for (int i = 0; i < std::max(first.num_fields(), other.num_fields()); ++i) {
    if (i < first.num_fields() && i < other.num_fields() && first.field(i)->Equals(*other.field(i), false))
      continue;
    const auto shown = [i](const arrow::Schema& schema) {
      return i < schema.num_fields() ? "'" + schema.field(i)->ToString() + "'" : std::string("no column");
    };
    return InvalidArgument(
        "Column {} is {} in {} and {} in {}; statistics over several spans need the same columns in all (a "
        "--schema settles the types of files without types)",
        i + 1, shown(first), first_name, shown(other), name);
  }
  return OkStatus();
}

v0::DatasetFeatureStatisticsList ListOf(v0::DatasetFeatureStatistics statistics) {
  v0::DatasetFeatureStatisticsList list;
  *list.add_datasets() = std::move(statistics);
  return list;
}
v0::DatasetFeatureStatisticsList ListOf(v0::DatasetFeatureStatisticsList list) { return list; }

/// Folds, or finds, one state a span and merges them.
template <combine::Combiner C>
class SpanMerge {
 public:
  SpanMerge(const data::DatasetOptions& reading, const StatisticsOptions& options, const SpanCaching& caching,
            const ExecutionOptions& execution)
      : reading_(reading),
        options_(options),
        caching_(caching),
        execution_(execution),
        of_reading_(DigestOfReading(reading, options)) {
    if (!caching.folder.empty()) cache_.emplace(caching.folder);
  }

  Result<SpanRead> Add(const Span& span) {
    SpanRead read;
    read.name = span.name;
    Digest digest;
    if (cache_.has_value()) {
      PENSTOCK_RETURN_IF_ERROR(DigestFiles(span, of_reading_, execution_, digest, read));
      read.why = "not in the cache";
      if (const auto schema = cache_->FindSchema(digest); schema != nullptr) {
        PENSTOCK_RETURN_IF_ERROR(TakeSchema(schema, span.name));
        if (const auto bytes = cache_->FindState(digest, combiner_->Fingerprint(), read.why)) {
          auto state = combiner_->Decode(*bytes);
          if (state.ok()) {
            read.from_cache = true;
            read.why.clear();
            return Merge(*std::move(state), std::move(read));
          }
          read.why = "the cache's entry is damaged or of another version";
        }
      }
    } else {
      PENSTOCK_RETURN_IF_ERROR(DigestlessSizes(span, read));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const combine::Bytes bytes, FoldSpan(span, digest));
    // Through the same bytes as from the cache: whatever the encoding keeps, the result is the same.
    PENSTOCK_ASSIGN_OR_RETURN(auto state, combiner_->Decode(bytes));
    return Merge(std::move(state), std::move(read));
  }

  Result<v0::DatasetFeatureStatisticsList> Finish() const {
    PENSTOCK_ASSIGN_OR_RETURN(auto output, combiner_->Finish(*total_));
    return ListOf(std::move(output));
  }

 private:
  static Status DigestlessSizes(const Span& span, SpanRead& read) {
    read.num_files = static_cast<int64_t>(span.files.size());
    for (const std::string& file : span.files) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto entry, fs::Stat(file));
      read.num_bytes += entry.size;
    }
    read.why = "no cache is used";
    return OkStatus();
  }

  Status TakeSchema(const std::shared_ptr<arrow::Schema>& schema, const std::string& name) {
    if (schema_ != nullptr) return CheckSameColumns(*schema_, first_name_, *schema, name);
    schema_ = schema;
    first_name_ = name;
    PENSTOCK_ASSIGN_OR_RETURN(combiner_, C::Make(*schema, options_));
    return OkStatus();
  }

  Result<combine::Bytes> FoldSpan(const Span& span, const Digest& digest) {
    PENSTOCK_ASSIGN_OR_RETURN(auto dataset, data::OpenDataset(span.files, reading_, execution_));
    PENSTOCK_RETURN_IF_ERROR(TakeSchema(dataset->schema(), span.name));
    if (caching_.observe) dataset = caching_.observe(std::move(dataset));
    std::unique_ptr<data::Dataset> sample;
    if (options_.sample_rate < 1) sample = SampleExamples(*dataset, options_.sample_rate);
    PENSTOCK_ASSIGN_OR_RETURN(const auto state,
                              combine::FoldDataset(*combiner_, sample ? *sample : *dataset, execution_));
    combine::Bytes bytes = combiner_->Encode(state);
    if (cache_.has_value()) {
      PENSTOCK_RETURN_IF_ERROR(cache_->PutSchema(digest, *schema_));
      PENSTOCK_RETURN_IF_ERROR(cache_->PutState(digest, combiner_->Fingerprint(), bytes));
    }
    return bytes;
  }

  Result<SpanRead> Merge(typename C::State state, SpanRead read) {
    if (!total_.has_value()) {
      total_.emplace(std::move(state));
    } else {
      PENSTOCK_RETURN_IF_ERROR(combiner_->Merge(state, *total_));
    }
    return read;
  }

  const data::DatasetOptions& reading_;
  const StatisticsOptions& options_;
  const SpanCaching& caching_;
  const ExecutionOptions& execution_;
  const Digest of_reading_;
  std::optional<StateCache> cache_;
  std::shared_ptr<arrow::Schema> schema_;
  std::string first_name_;
  std::optional<C> combiner_;
  std::optional<typename C::State> total_;
};

template <combine::Combiner C>
Result<SpanStatistics> Compute(const std::vector<Span>& spans, const data::DatasetOptions& reading,
                               const StatisticsOptions& options, const SpanCaching& caching,
                               const ExecutionOptions& execution) {
  SpanMerge<C> merge(reading, options, caching, execution);
  SpanStatistics result;
  for (const Span& span : spans) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(SpanRead read, merge.Add(span));
    result.spans.push_back(std::move(read));
  }
  PENSTOCK_ASSIGN_OR_RETURN(result.list, merge.Finish());
  return result;
}

}  // namespace

Result<SpanStatistics> ComputeOverSpans(const std::vector<Span>& spans, const data::DatasetOptions& reading,
                                        const StatisticsOptions& options, const SpanCaching& caching,
                                        const ExecutionOptions& execution) {
  PENSTOCK_RETURN_IF_ERROR(CheckStatisticsOptions(options));
  if (spans.empty()) return InvalidArgument("There are no spans to compute statistics of");
  return options.slices.empty() ? Compute<DatasetStatistics>(spans, reading, options, caching, execution)
                                : Compute<SlicedStatistics>(spans, reading, options, caching, execution);
}

std::string ExplainSpans(const std::vector<SpanRead>& spans) {
  std::string text;
  int64_t num_cached = 0, bytes_read = 0;
  for (const SpanRead& span : spans) {
    text += fmt::format("{}: {} file{}, {} bytes: {}\n", span.name, span.num_files,
                        span.num_files == 1 ? "" : "s", span.num_bytes,
                        span.from_cache ? "from the cache" : "read (" + span.why + ")");
    num_cached += span.from_cache ? 1 : 0;
    bytes_read += span.from_cache ? 0 : span.num_bytes;
  }
  return text + fmt::format("{} of {} from the cache, {} bytes read\n", num_cached, spans.size(), bytes_read);
}

}  // namespace penstock::statistics
