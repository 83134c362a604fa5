#include "penstock/statistics/mutual_information.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <utility>

#include <arrow/array.h>
#include <fmt/format.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/near_miss.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

namespace {

constexpr uint8_t kStateVersion = 1;
/// Of all features together.
constexpr int64_t kMaxAllPairs = int64_t{1} << 22;

bool IsNumber(const arrow::DataType& type) {
  return type.id() == arrow::Type::INT64 || type.id() == arrow::Type::FLOAT ||
         type.id() == arrow::Type::DOUBLE;
}

bool IsScalar(const arrow::DataType& type) {
  return IsNumber(type) || type.id() == arrow::Type::BOOL || type.id() == arrow::Type::STRING ||
         type.id() == arrow::Type::BINARY;
}

/// Sortable numbers, or texts; a missing value is empty, what is there begins with a mark.
void AppendValue(const arrow::Array& array, int64_t i, std::string& out) {
  if (array.IsNull(i)) return;
  out += '=';
  double number = 0;
  switch (array.type_id()) {
    case arrow::Type::INT64:
      number = static_cast<double>(static_cast<const arrow::Int64Array&>(array).Value(i));
      break;
    case arrow::Type::FLOAT:
      number = static_cast<const arrow::FloatArray&>(array).Value(i);
      break;
    case arrow::Type::DOUBLE:
      number = static_cast<const arrow::DoubleArray&>(array).Value(i);
      break;
    case arrow::Type::BOOL:
      out += static_cast<const arrow::BooleanArray&>(array).Value(i) ? '1' : '0';
      return;
    default:
      out += static_cast<const arrow::BinaryArray&>(array).GetView(i);
      return;
  }
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof bytes);
}

void AppendCell(const arrow::Array& array, int64_t row, std::string& out) {
  if (array.type_id() != arrow::Type::LIST) return AppendValue(array, row, out);
  if (array.IsNull(row)) return;
  out += '=';
  const auto& list = static_cast<const arrow::ListArray&>(array);
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    const size_t begin = out.size();
    AppendValue(*list.values(), i, out);
    out += fmt::format(";{}", out.size() - begin);
  }
}

double NumberOf(const std::string& cell) {
  double number = std::nan("");
  if (cell.size() == 1 + sizeof number) std::memcpy(&number, cell.data() + 1, sizeof number);
  return number;
}

using Counts = std::unordered_map<std::string, int64_t>;

/// Values to dense codes: the most frequent for themselves, the rest together.
std::unordered_map<std::string, size_t> CategoryCodes(const Counts& counts, int64_t max_codes) {
  std::vector<std::pair<int64_t, const std::string*>> ranked;
  for (const auto& [value, count] : counts) ranked.emplace_back(count, &value);
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : *a.second < *b.second;
  });
  std::unordered_map<std::string, size_t> codes;
  for (size_t i = 0; i < ranked.size(); ++i)
    codes[*ranked[i].second] = std::min(i, static_cast<size_t>(max_codes));
  return codes;
}

/// Numbers to the codes 1 to num_bins by rank, what is no number to 0.
std::unordered_map<std::string, size_t> BinCodes(const Counts& counts, int64_t num_bins) {
  std::vector<std::pair<double, const std::string*>> sorted;
  std::unordered_map<std::string, size_t> codes;
  double total = 0;
  for (const auto& [value, count] : counts) {
    const double number = NumberOf(value);
    codes[value] = 0;
    if (std::isnan(number)) continue;
    sorted.emplace_back(number, &value);
    total += static_cast<double>(count);
  }
  std::sort(sorted.begin(), sorted.end());
  double before = 0;
  for (size_t i = 0; i < sorted.size();) {
    size_t end = i;
    double here = 0;
    // -0 and +0 are two texts and one number.
    for (; end < sorted.size() && sorted[end].first == sorted[i].first; ++end)
      here += static_cast<double>(counts.at(*sorted[end].second));
    const auto bin = static_cast<int64_t>((before + here / 2) / total * static_cast<double>(num_bins));
    for (; i < end; ++i) codes[*sorted[i].second] = static_cast<size_t>(std::min(bin, num_bins - 1) + 1);
    before += here;
  }
  return codes;
}

/// The expectation of n/N log(N n / (a b)) over n hypergeometric: its mode first, then outwards until nothing
/// is added.
double ExpectedCell(double a, double b, double total) {
  const double least = std::max(0.0, a + b - total), greatest = std::min(a, b);
  const double mode = std::clamp(std::floor((a + 1) * (b + 1) / (total + 2)), least, greatest);
  const auto log_choose = [](double n, double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  };
  const double at_mode =
      std::exp(log_choose(b, mode) + log_choose(total - b, a - mode) - log_choose(total, a));
  const auto term = [&](double n, double probability) {
    return n == 0 ? 0 : probability * (n / total) * std::log(total * n / (a * b));
  };
  constexpr double kNothing = 1e-18;
  double sum = term(mode, at_mode);
  double probability = at_mode;
  for (double n = mode; n < greatest && probability > kNothing; ++n) {
    probability *= (a - n) * (b - n) / ((n + 1) * (total - a - b + n + 1));
    sum += term(n + 1, probability);
  }
  probability = at_mode;
  for (double n = mode; n > least && probability > kNothing; --n) {
    probability *= n * (total - a - b + n) / ((a - n + 1) * (b - n + 1));
    sum += term(n - 1, probability);
  }
  return sum;
}

}  // namespace

Information InformationOf(const std::vector<std::vector<int64_t>>& counts) {
  std::vector<double> rows(counts.size(), 0), columns(counts.empty() ? 0 : counts[0].size(), 0);
  double total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    for (size_t j = 0; j < columns.size(); ++j) {
      const auto count = static_cast<double>(counts[i][j]);
      rows[i] += count;
      columns[j] += count;
      total += count;
    }
  }
  Information information;
  if (total == 0) return information;
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < columns.size(); ++j) {
      if (rows[i] == 0 || columns[j] == 0) continue;
      const auto count = static_cast<double>(counts[i][j]);
      if (count > 0) information.mutual += count / total * std::log(total * count / (rows[i] * columns[j]));
      information.expected += ExpectedCell(rows[i], columns[j], total);
    }
  }
  information.mutual = std::max(0.0, information.mutual / std::log(2.0));
  information.expected /= std::log(2.0);
  return information;
}

Result<MutualInformation> MutualInformation::Make(const arrow::Schema& data,
                                                  const MutualInformationOptions& mutual,
                                                  const StatisticsOptions& options) {
  const auto is_there = [&](const std::string& name, const char* option) -> Status {
    if (data.GetFieldIndex(name) >= 0) return OkStatus();
    return NotFound("The feature '{}' of {} is not in the data{}", name, option,
                    DidYouMean(name, data.field_names()));
  };
  PENSTOCK_RETURN_IF_ERROR(is_there(mutual.label_feature, "label_feature of MutualInformation"));
  for (const std::string& name : mutual.features_to_ignore)
    PENSTOCK_RETURN_IF_ERROR(is_there(name, "features_to_ignore of MutualInformation"));
  std::map<std::string, bool> is_categorical;
  if (options.schema != nullptr) {
    for (const v0::Feature& feature : options.schema->feature()) {
      is_categorical[feature.name()] =
          (feature.has_int_domain() && feature.int_domain().is_categorical()) || feature.has_bool_domain() ||
          (feature.has_float_domain() && feature.float_domain().is_categorical());
    }
  }
  MutualInformation information;
  information.options_ = mutual;
  for (int place = 0; place < data.num_fields(); ++place) {
    const arrow::Field& field = *data.field(place);
    const arrow::DataType& type = *field.type();
    const bool is_list = type.id() == arrow::Type::LIST;
    if (!IsScalar(is_list ? *type.field(0)->type() : type)) continue;
    const Column column{field.name(), place, IsNumber(type) && !is_categorical[field.name()]};
    const auto& ignored = mutual.features_to_ignore;
    if (field.name() == mutual.label_feature) {
      information.label_ = column;
    } else if (std::find(ignored.begin(), ignored.end(), field.name()) == ignored.end()) {
      information.features_.push_back(column);
    }
  }
  if (information.label_.name.empty()) {
    return InvalidArgument("The label '{}' of MutualInformation is nested; it must be a value or a list",
                           mutual.label_feature);
  }
  // What the label tells of itself.
  if (mutual.normalize_by_max) information.features_.push_back(information.label_);
  return information;
}

int64_t MutualInformation::MaxPairs() const {
  const auto num_features = static_cast<int64_t>(std::max<size_t>(features_.size(), 1));
  return std::clamp<int64_t>(kMaxAllPairs / num_features, 1024, 65536);
}

void MutualInformation::Keep(Pair pair, uint64_t hash, Sample& sample) const {
  const bool is_full = static_cast<int64_t>(sample.size()) >= MaxPairs();
  if (is_full && hash > sample.rbegin()->first) return;
  Pair& kept = sample[hash];
  const int64_t count = kept.count + pair.count;
  kept = std::move(pair);
  kept.count = count;
  if (static_cast<int64_t>(sample.size()) > MaxPairs()) sample.erase(std::prev(sample.end()));
}

Status MutualInformation::Add(const combine::Batch& batch, State& state) const {
  std::vector<std::string> labels(static_cast<size_t>(batch->num_rows()));
  for (size_t row = 0; row < labels.size(); ++row)
    AppendCell(*batch->column(label_.place), static_cast<int64_t>(row), labels[row]);
  std::string x;
  for (size_t i = 0; i < features_.size(); ++i) {
    const arrow::Array& column = *batch->column(features_[i].place);
    for (size_t row = 0; row < labels.size(); ++row) {
      x.clear();
      AppendCell(column, static_cast<int64_t>(row), x);
      const uint64_t hash = Hash64(x, Hash64(labels[row]));
      const auto known = state[i].find(hash);
      if (known != state[i].end()) {
        ++known->second.count;
      } else {
        Keep({x, labels[row], 1}, hash, state[i]);
      }
    }
  }
  return OkStatus();
}

Status MutualInformation::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < features_.size(); ++i)
    for (const auto& [hash, pair] : from[i]) Keep(pair, hash, into[i]);
  return OkStatus();
}

Information MutualInformation::InformationIn(const Sample& sample, bool is_numeric) const {
  Counts of_x, of_y;
  for (const auto& [hash, pair] : sample) {
    of_x[pair.x] += pair.count;
    of_y[pair.y] += pair.count;
  }
  const auto codes = [&](const Counts& counts, bool numeric) {
    return numeric ? BinCodes(counts, kNumBins) : CategoryCodes(counts, options_.max_encoding_length);
  };
  const auto codes_x = codes(of_x, is_numeric), codes_y = codes(of_y, label_.is_numeric);
  const auto num_codes = [](const auto& all) {
    size_t greatest = 0;
    for (const auto& [value, code] : all) greatest = std::max(greatest, code);
    return greatest + 1;
  };
  std::vector<std::vector<int64_t>> table(num_codes(codes_x), std::vector<int64_t>(num_codes(codes_y), 0));
  for (const auto& [hash, pair] : sample) table[codes_x.at(pair.x)][codes_y.at(pair.y)] += pair.count;
  return InformationOf(table);
}

Result<MutualInformation::Output> MutualInformation::Finish(const State& state) const {
  std::vector<Information> all;
  for (size_t i = 0; i < features_.size(); ++i)
    all.push_back(InformationIn(state[i], features_[i].is_numeric));
  double scale = 1;
  size_t num_features = features_.size();
  if (options_.normalize_by_max) {
    --num_features;
    const double most = all.back().mutual - all.back().expected;
    scale = most > 0 ? 1 / most : 0;
  }
  Output output;
  for (size_t i = 0; i < num_features; ++i) {
    auto& feature = *output.add_features();
    feature.mutable_path()->add_step(features_[i].name);
    auto& adjusted = *feature.add_custom_stats();
    adjusted.set_name(options_.custom_stats_key);
    adjusted.set_num((all[i].mutual - all[i].expected) * scale);
    auto& plain = *feature.add_custom_stats();
    plain.set_name("mutual_information");
    plain.set_num(all[i].mutual);
  }
  return output;
}

combine::Bytes MutualInformation::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(kStateVersion);
  for (const Sample& sample : state) {
    writer.Varint(sample.size());
    for (const auto& [hash, pair] : sample) {
      writer.Fixed64(hash).Text(pair.x).Text(pair.y);
      WriteCount(pair.count, writer);
    }
  }
  return std::move(writer).Take();
}

Result<MutualInformation::State> MutualInformation::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "MutualInformation");
  reader.Version(kStateVersion);
  State state = NewState();
  for (Sample& sample : state) {
    for (uint64_t left = reader.Count(11); left > 0 && reader.ok(); --left) {
      const uint64_t hash = reader.Fixed64();
      std::string x(reader.Text());
      std::string y(reader.Text());
      sample[hash] = {std::move(x), std::move(y), ReadCount(reader)};
    }
    if (static_cast<int64_t>(sample.size()) > MaxPairs()) reader.Fail("there are too many pairs");
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest MutualInformation::Fingerprint() const {
  DigestBuilder builder;
  builder.Add("MutualInformation").Add(int64_t{kStateVersion}).Add(options_.max_encoding_length);
  builder.Add(int64_t{options_.normalize_by_max}).Add(options_.custom_stats_key);
  const auto add = [&](const Column& column) {
    builder.Add(column.name).Add(int64_t{column.place}).Add(int64_t{column.is_numeric});
  };
  add(label_);
  for (const Column& feature : features_) add(feature);
  return builder.Finish();
}

static_assert(combine::Combiner<MutualInformation>);

}  // namespace penstock::statistics
