#include "penstock/components/example_gen/input_config.h"

#include <algorithm>
#include <ctime>
#include <limits>
#include <optional>
#include <set>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/declared_columns.h"
#include "penstock/data/sql/sql_dataset.h"

namespace penstock::components {
namespace {

using nlohmann::json;

/// The parameter, or null.
json Given(const std::map<std::string, json>& parameters, const std::string& name) {
  const auto entry = parameters.find(name);
  return entry == parameters.end() ? json() : entry->second;
}

Status CheckKeys(const json& object, std::string_view where, const std::vector<std::string>& known) {
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      return InvalidArgument("{} has no '{}'{} (it has {})", where, key, DidYouMean(key, known),
                             fmt::join(known, ", "));
  return OkStatus();
}

Result<data::Split> ToSplit(const std::string& name, const json& buckets) {
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(name, "A split's name"));
  if (!buckets.is_number_integer() || buckets.get<int64_t>() < 1 || buckets.get<int64_t>() > 1'000'000)
    return InvalidArgument("splits: the share of '{}' has to be a whole number from 1 to 1000000, not {}",
                           name, buckets.dump());
  return data::Split{name, buckets.get<int>()};
}

/// {train: 2, eval: 1}, or TFX's [{name: train, hash_buckets: 2}, ...].
Result<std::vector<data::Split>> ToSplits(const json& given) {
  std::vector<data::Split> splits;
  if (given.is_object()) {
    for (const auto& [name, buckets] : given.items()) {
      PENSTOCK_ASSIGN_OR_RETURN(auto split, ToSplit(name, buckets));
      splits.push_back(std::move(split));
    }
    // A JSON object has no order of its own: the largest first, as people write them.
    std::stable_sort(splits.begin(), splits.end(),
                     [](const auto& a, const auto& b) { return a.hash_buckets > b.hash_buckets; });
  } else if (given.is_array()) {
    for (const auto& entry : given) {
      if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string() ||
          !entry.contains("hash_buckets"))
        return InvalidArgument("splits: an entry needs name and hash_buckets: {}", entry.dump());
      PENSTOCK_ASSIGN_OR_RETURN(auto split, ToSplit(entry["name"].get<std::string>(), entry["hash_buckets"]));
      splits.push_back(std::move(split));
    }
  }
  if (splits.empty())
    return InvalidArgument("splits: none is given; write for example {{train: 2, eval: 1}}");
  return splits;
}

/// An entry of input_splits. Queries are no patterns of files: TFX calls them pattern too.
Result<data::InputSplit> ToInputSplit(const json& entry, bool is_sql) {
  const std::string key = is_sql && entry.is_object() && entry.contains("query") ? "query" : "pattern";
  if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string() || !entry.contains(key) ||
      !entry[key].is_string())
    return InvalidArgument("input_splits: an entry needs name and {}: {}", is_sql ? "query" : "pattern",
                           entry.dump());
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(entry, "input_splits: an entry", {"name", key}));
  data::InputSplit split{entry["name"].get<std::string>(), entry[key].get<std::string>()};
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(split.name, "The name of an input split"));
  if (!is_sql)
    PENSTOCK_RETURN_IF_ERROR(Annotate(data::SpanPattern::Parse(split.pattern).status(),
                                      fmt::format("Input split '{}'", split.name)));
  return split;
}

Result<std::vector<data::InputSplit>> ToInputSplits(const json& given, bool is_sql) {
  std::vector<data::InputSplit> splits;
  if (given.is_null()) return splits;
  if (!given.is_array())
    return InvalidArgument("input_splits has to be a list such as [{{name: train, pattern: \"train/*\"}}]");
  std::set<std::string> names;
  for (const auto& entry : given) {
    PENSTOCK_ASSIGN_OR_RETURN(auto split, ToInputSplit(entry, is_sql));
    if (!names.insert(split.name).second)
      return InvalidArgument("Two input splits have the same name: '{}'", split.name);
    splits.push_back(std::move(split));
  }
  return splits;
}

/// object[name], or object[tfx_name] as TFX calls it, or `fallback`.
Result<int64_t> Number(const json& object, const std::string& name, const std::string& tfx_name,
                       std::optional<int64_t> fallback) {
  const auto found = object.contains(name) ? object.find(name) : object.find(tfx_name);
  if (found == object.end() && fallback) return *fallback;
  if (found == object.end()) return InvalidArgument("range: {} is missing: {}", name, object.dump());
  if (!found->is_number_integer())
    return InvalidArgument("range: {} has to be a whole number, not {}", name, found->dump());
  return found->get<int64_t>();
}

Result<data::SpanRange> ToRange(const json& given) {
  data::SpanRange range;
  if (given.is_null()) return range;
  if (!given.is_object() || given.size() != 1)
    return InvalidArgument(
        "range has to be {{static: {{start: 3, end: 5}}}} or {{rolling: {{num_spans: 7}}}}, not {}",
        given.dump());
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(given, "range", {"static", "rolling", "static_range", "rolling_range"}));
  const json& inner = given.begin().value();
  if (!inner.is_object())
    return InvalidArgument("range: {} has to be a map, not {}", given.begin().key(), inner.dump());
  if (given.begin().key().starts_with("static")) {
    range.kind = data::SpanRange::Kind::kStatic;
    PENSTOCK_RETURN_IF_ERROR(
        CheckKeys(inner, "range: static", {"start", "end", "start_span_number", "end_span_number"}));
    PENSTOCK_ASSIGN_OR_RETURN(range.start, Number(inner, "start", "start_span_number", std::nullopt));
    PENSTOCK_ASSIGN_OR_RETURN(range.end, Number(inner, "end", "end_span_number", std::nullopt));
    if (range.start > range.end)
      return InvalidArgument("range: start {} lies behind end {}", range.start, range.end);
    return range;
  }
  range.kind = data::SpanRange::Kind::kRolling;
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(inner, "range: rolling", {"start", "num_spans", "start_span_number"}));
  // Dates before 1970 are spans too: without a start there is no first one.
  PENSTOCK_ASSIGN_OR_RETURN(range.start,
                            Number(inner, "start", "start_span_number", std::numeric_limits<int64_t>::min()));
  PENSTOCK_ASSIGN_OR_RETURN(range.num_spans, Number(inner, "num_spans", "num_spans", std::nullopt));
  if (range.num_spans < 1)
    return InvalidArgument("range: num_spans has to be at least 1, not {}", range.num_spans);
  return range;
}

Result<std::string> Text(const std::map<std::string, json>& parameters, const std::string& name) {
  const json given = Given(parameters, name);
  if (given.is_null()) return std::string();
  if (!given.is_string()) return InvalidArgument("{} has to be a text, not {}", name, given.dump());
  return given.get<std::string>();
}

/// What TFX fills into a query: the day whose number since 1970 the span is.
std::string QueryOfSpan(std::string query, int64_t span) {
  constexpr int64_t kSecondsPerDay = 86400;
  const std::time_t begin = static_cast<std::time_t>(span * kSecondsPerDay);
  std::tm date{};
  gmtime_r(&begin, &date);
  const std::vector<std::pair<std::string_view, std::string>> values = {
      {"@span_begin_timestamp", fmt::format("{}", begin)},
      {"@span_end_timestamp", fmt::format("{}", begin + kSecondsPerDay)},
      {"@span_yyyymmdd_utc",
       fmt::format("'{:04}{:02}{:02}'", date.tm_year + 1900, date.tm_mon + 1, date.tm_mday)}};
  for (const auto& [name, value] : values)
    for (size_t at = query.find(name); at != query.npos; at = query.find(name, at + value.size()))
      query.replace(at, name.size(), value);
  return query;
}

/// The queries by split, with the span filled in where a range names one.
std::vector<data::InputSplit> Queries(const InputConfig& config) {
  std::vector<data::InputSplit> queries = config.input_splits;
  if (queries.empty()) queries.push_back({"", config.query});
  if (config.range.kind == data::SpanRange::Kind::kStatic)
    for (auto& query : queries) query.pattern = QueryOfSpan(query.pattern, config.range.start);
  return queries;
}

Status CheckDatabase(const InputConfig& config) {
  if (config.connection.empty()) {
    if (!config.query.empty())
      return InvalidArgument("query needs a connection, such as sqlite:trips.db or a profile's name");
    return OkStatus();
  }
  if (!config.input.empty())
    return InvalidArgument("input names files and connection a database: leave one of them out");
  if (!config.query.empty() && !config.input_splits.empty())
    return InvalidArgument("query and input_splits both say what to ask: leave one of them out");
  if (config.query.empty() && config.input_splits.empty())
    return InvalidArgument(
        "connection needs a query, or input_splits: [{{name: train, query: \"SELECT …\"}}]");
  if (config.range.kind == data::SpanRange::Kind::kRolling || config.range.start != config.range.end)
    return InvalidArgument(
        "A query is asked for one span: range has to be {{static: {{start: N, end: N}}}} with one N");
  // Days from 1970 within four-digit years, which is what a query can be told.
  constexpr int64_t kMinSpan = -719162, kMaxSpan = 2932896;
  if (config.range.start < kMinSpan || config.range.start > kMaxSpan)
    return InvalidArgument("range: span {} is no day between the years 1 and 9999", config.range.start);
  for (const auto& split : Queries(config))
    PENSTOCK_RETURN_IF_ERROR(data::sql::CheckSqlQuery({config.connection, split.pattern}));
  return OkStatus();
}

Result<OpenInput> OpenDatabase(const InputConfig& config, const data::DatasetOptions& options,
                               const ExecutionOptions& execution) {
  OpenInput input;
  for (const auto& query : Queries(config)) {
    SplitSource source;
    source.splits = config.splits.empty() ? std::vector{data::Split{query.name, 1}} : config.splits;
    auto dataset = data::sql::OpenSqlDataset({config.connection, query.pattern}, options, execution);
    if (!dataset.ok())
      return query.name.empty() ? dataset.status()
                                : Annotate(dataset.status(), fmt::format("Input split '{}'", query.name));
    source.parts.push_back(*std::move(dataset));
    if (!input.sources.empty() && !data::HaveEqualColumns(*source.parts[0], *input.sources[0].parts[0]))
      return InvalidArgument(
          "The queries of the input splits '{}' and '{}' answer different columns: name the same ones in "
          "both, "
          "with a CAST where their types differ",
          config.input_splits[0].name, query.name);
    input.sources.push_back(std::move(source));
  }
  if (config.range.kind == data::SpanRange::Kind::kStatic)
    input.spans.push_back({config.range.start, std::nullopt});
  return input;
}

Result<OpenInput> OpenByPattern(const InputConfig& config, const data::InputFiles& found,
                                const data::DatasetOptions& options, const ExecutionOptions& execution) {
  OpenInput input;
  for (size_t i = 0; i < found.files.size(); ++i) {
    SplitSource source;
    source.splits =
        config.splits.empty() ? std::vector{data::Split{config.input_splits[i].name, 1}} : config.splits;
    for (const auto& files : found.files[i]) {
      auto dataset = data::OpenDataset(files, options, execution);
      if (!dataset.ok())
        return Annotate(dataset.status(), fmt::format("Input split '{}'", config.input_splits[i].name));
      source.parts.push_back(*std::move(dataset));
    }
    input.sources.push_back(std::move(source));
  }
  return input;
}

std::vector<std::string> Joined(const std::vector<std::vector<std::string>>& lists) {
  std::vector<std::string> joined;
  for (const auto& list : lists) joined.insert(joined.end(), list.begin(), list.end());
  return joined;
}

bool HaveOneSchema(const std::vector<SplitSource>& sources) {
  return std::all_of(sources.begin(), sources.end(), [&](const SplitSource& source) {
    return std::all_of(source.parts.begin(), source.parts.end(),
                       [&](const auto& part) { return data::HaveEqualColumns(*part, *sources[0].parts[0]); });
  });
}

}  // namespace

Result<InputConfig> ToInputConfig(const std::map<std::string, json>& parameters) {
  InputConfig config;
  PENSTOCK_ASSIGN_OR_RETURN(config.input, Text(parameters, "input"));
  PENSTOCK_ASSIGN_OR_RETURN(config.partition_feature, Text(parameters, "partition_feature_name"));
  PENSTOCK_ASSIGN_OR_RETURN(config.connection, Text(parameters, "connection"));
  PENSTOCK_ASSIGN_OR_RETURN(config.query, Text(parameters, "query"));
  PENSTOCK_ASSIGN_OR_RETURN(config.input_splits,
                            ToInputSplits(Given(parameters, "input_splits"), !config.connection.empty()));
  PENSTOCK_ASSIGN_OR_RETURN(config.range, ToRange(Given(parameters, "range")));
  if (config.input.find('{') != std::string::npos)
    return InvalidArgument(
        "input is a folder, the pattern belongs into input_splits: [{{name: all, pattern: \"…\"}}]; input is "
        "{}",
        config.input);
  PENSTOCK_RETURN_IF_ERROR(CheckDatabase(config));
  if (config.connection.empty() && config.input_splits.empty() &&
      config.range.kind != data::SpanRange::Kind::kLatest)
    return InvalidArgument(
        "A range chooses among spans, but no input_splits say by a {{SPAN}} or a date what a span is");
  const json given = Given(parameters, "splits");
  if (given.is_null()) {
    if (config.input_splits.size() < 2 && (config.input_splits.empty() || !config.partition_feature.empty()))
      config.splits = {{"train", 2}, {"eval", 1}};
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(config.splits, ToSplits(given));
    if (config.input_splits.size() > 1)
      return InvalidArgument(
          "splits cuts one input split, but there are {}: leave splits out (each input split then is an "
          "output split)",
          config.input_splits.size());
  }
  if (!config.partition_feature.empty() && config.splits.empty())
    return InvalidArgument("partition_feature_name cuts one input split, but there are {}",
                           config.input_splits.size());
  return config;
}

Result<OpenInput> OpenInputSplits(const InputConfig& config, const data::DatasetOptions& options,
                                  const ExecutionOptions& execution) {
  if (!config.connection.empty()) return OpenDatabase(config, options, execution);
  OpenInput input;
  if (config.input.empty())
    return InvalidArgument("ExampleGen needs input (files), or connection and query (a database)");
  if (config.input_splits.empty()) {
    input.sources.resize(1);
    input.sources[0].splits = config.splits;
    PENSTOCK_ASSIGN_OR_RETURN(input.sources[0].parts.emplace_back(),
                              data::OpenDataset(std::vector{config.input}, options, execution));
    return input;
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto found,
                            data::FindInputFiles(config.input, config.input_splits, config.range));
  PENSTOCK_ASSIGN_OR_RETURN(input, OpenByPattern(config, found, options, execution));
  if (!HaveOneSchema(input.sources)) {
    std::vector<std::string> all;
    for (const auto& spans : found.files) {
      const auto files = Joined(spans);
      all.insert(all.end(), files.begin(), files.end());
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto whole, data::OpenDataset(all, options, execution));
    const auto schema = data::DeclareColumns(*whole);
    data::DatasetOptions declared = options;
    declared.schema = schema.get();
    declared.columns = data::ColumnNames(*whole);
    auto apart = OpenByPattern(config, found, declared, execution);
    if (!apart.ok() || !HaveOneSchema(apart->sources)) {
      // Columns that not every span has: formats without a header know them of all files together alone.
      for (auto& spans : found.files) spans = {Joined(spans)};
      apart = OpenByPattern(config, found, declared, execution);
    }
    PENSTOCK_ASSIGN_OR_RETURN(input, std::move(apart));
  }
  input.spans = found.spans;
  return input;
}

}  // namespace penstock::components
