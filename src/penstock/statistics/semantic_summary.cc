#include "penstock/statistics/semantic_summary.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/utf8.h"
#include "penstock/statistics/state_counts.h"
#include "penstock/statistics/time_format.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::CustomStatistic;
using tensorflow::metadata::v0::FeatureNameStatistics;
using tensorflow::metadata::v0::TimeDomain;

namespace {

// TFDV's defaults.
constexpr double kMatchRatio = 0.8;
constexpr int64_t kMinValues = 100;
constexpr size_t kLanguageBytes = 100;
// The longest time is "30-September-2018 23:59:58.123456" and a line break; blanks in place of digits.
constexpr size_t kMaxTimeBytes = 40;

struct ImageFormat {
  const char* name;
  std::string_view signature;
};
constexpr std::array<ImageFormat, 4> kImageFormats = {
    {{"bmp", "BM"}, {"gif", "GIF8"}, {"jpeg", "\xff\xd8\xff"}, {"png", "\x89PNG\r\n\x1a\n"}}};

/// From 1990 to 2030, in each unit.
struct UnixTime {
  TimeDomain::IntegerTimeFormat format;
  int64_t begin;
  int64_t end;
};
constexpr std::array<UnixTime, 5> kUnixTimes = {
    {{TimeDomain::UNIX_DAYS, 7305, 21915},
     {TimeDomain::UNIX_SECONDS, 631152000, 1893456000},
     {TimeDomain::UNIX_MILLISECONDS, 631152000000, 1893456000000},
     {TimeDomain::UNIX_MICROSECONDS, 631152000000000, 1893456000000000},
     {TimeDomain::UNIX_NANOSECONDS, 631152000000000000, 1893456000000000000}}};

size_t ImageFormatOf(std::string_view bytes) {
  size_t format = 0;
  while (format < kImageFormats.size() && !bytes.starts_with(kImageFormats[format].signature)) ++format;
  return format;
}

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Three words or more, of 2.5 to 8 bytes on average.
bool LooksNatural(std::string_view text) {
  int64_t num_words = 0;
  int64_t num_bytes = 0;
  bool in_word = false;
  for (const char c : text.substr(0, kLanguageBytes)) {
    const bool is_blank = IsBlank(c);
    if (!is_blank) ++num_bytes;
    if (!is_blank && !in_word) ++num_words;
    in_word = !is_blank;
  }
  if (num_words < 3) return false;
  const double mean = static_cast<double>(num_bytes) / static_cast<double>(num_words);
  return mean >= 2.5 && mean <= 8;
}

void AddDomain(std::string domain, FeatureNameStatistics& out) {
  CustomStatistic& info = *out.add_custom_stats();
  info.set_name("domain_info");
  info.set_str(std::move(domain));
}

void AddRate(const char* name, double rate, FeatureNameStatistics& out) {
  CustomStatistic& statistic = *out.add_custom_stats();
  statistic.set_name(name);
  statistic.set_num(rate);
}

}  // namespace

SemanticSummary::SemanticSummary() : formats_(TextTimeFormats()), num_times_(formats_.size(), 0) {}

void SemanticSummary::AddText(std::string_view text) {
  ++num_values_;
  ++num_images_[ImageFormatOf(text)];
  num_empty_ += text.empty();
  if (!IsUtf8(text)) {
    ++num_not_utf8_;
    return;
  }
  num_natural_ += LooksNatural(text);
  // Every format begins with a digit, a blank in place of one, or the name of a day.
  const bool may_be_time = !text.empty() && text.size() <= kMaxTimeBytes &&
                           ((text[0] >= '0' && text[0] <= '9') || text[0] == ' ' ||
                            (text[0] >= 'A' && text[0] <= 'Z' && text.back() <= '9'));
  if (!may_be_time) return;
  for (size_t i = 0; i < formats_.size(); ++i) num_times_[i] += MatchesTimeFormat(text, formats_[i]);
}

template <class Array>
void SemanticSummary::AddTexts(const Array& values) {
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsValid(i)) AddText(values.GetView(i));
  }
}

void SemanticSummary::AddIntegers(const arrow::Int64Array& values) {
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    const int64_t value = values.Value(i);
    ++num_values_;
    for (size_t unit = 0; unit < kUnixTimes.size(); ++unit)
      num_unix_times_[unit] += value >= kUnixTimes[unit].begin && value < kUnixTimes[unit].end;
  }
}

void SemanticSummary::Add(const arrow::Array& values) {
  switch (values.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return AddTexts(static_cast<const arrow::BinaryArray&>(values));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return AddTexts(static_cast<const arrow::LargeBinaryArray&>(values));
    case arrow::Type::INT64:
      return AddIntegers(static_cast<const arrow::Int64Array&>(values));
    default:
      return;  // Nothing is to be seen in reals and booleans.
  }
}

void SemanticSummary::Merge(const SemanticSummary& from) {
  num_values_ += from.num_values_;
  num_not_utf8_ += from.num_not_utf8_;
  num_empty_ += from.num_empty_;
  num_natural_ += from.num_natural_;
  for (size_t i = 0; i < num_images_.size(); ++i) num_images_[i] += from.num_images_[i];
  for (size_t i = 0; i < num_unix_times_.size(); ++i) num_unix_times_[i] += from.num_unix_times_[i];
  for (size_t i = 0; i < num_times_.size(); ++i) num_times_[i] += from.num_times_[i];
}

bool SemanticSummary::Enough(int64_t num_matching) const {
  return num_matching > 0 && num_values_ >= kMinValues &&
         static_cast<double>(num_matching) / static_cast<double>(num_values_) >= kMatchRatio;
}

void SemanticSummary::FinishImages(FeatureNameStatistics& out) const {
  const int64_t num_unknown = num_images_.back();
  int64_t num_known = 0;
  for (size_t i = 0; i < kImageFormats.size(); ++i) num_known += num_images_[i];
  // TFDV asks 1 - unknown / all, which rounds otherwise than known / all.
  if (num_known == 0 || num_values_ < kMinValues ||
      1 - static_cast<double>(num_unknown) / static_cast<double>(num_values_) < kMatchRatio)
    return;
  AddDomain("image_domain {}", out);
  CustomStatistic& histogram = *out.add_custom_stats();
  histogram.set_name("image_format_histogram");
  const auto add = [&](const char* label, int64_t count) {
    if (count == 0) return;
    auto& bucket = *histogram.mutable_rank_histogram()->add_buckets();
    bucket.set_label(label);
    bucket.set_sample_count(static_cast<double>(count));
  };
  add("UNKNOWN", num_unknown);
  for (size_t i = 0; i < kImageFormats.size(); ++i) add(kImageFormats[i].name, num_images_[i]);
}

void SemanticSummary::FinishTimes(FeatureNameStatistics& out) const {
  if (num_not_utf8_ > 0 || num_empty_ > 0) return;
  const auto unix = std::max_element(num_unix_times_.begin(), num_unix_times_.end());
  const auto text = std::max_element(num_times_.begin(), num_times_.end());
  const int64_t num_matching = std::max(*unix, *text);
  if (!Enough(num_matching)) return;
  if (*unix == num_matching) {
    const auto format = kUnixTimes[static_cast<size_t>(unix - num_unix_times_.begin())].format;
    AddDomain(fmt::format("time_domain {{integer_format: {}}}", static_cast<int>(format)), out);
  } else {
    const size_t format = static_cast<size_t>(text - num_times_.begin());
    AddDomain(fmt::format("time_domain {{string_format: '{}'}}", formats_[format]), out);
  }
  AddRate("time_match_ratio", static_cast<double>(num_matching) / static_cast<double>(num_values_), out);
}

void SemanticSummary::Finish(FeatureNameStatistics& out) const {
  FinishImages(out);
  if (num_not_utf8_ == 0 && Enough(num_natural_)) {
    AddDomain("natural_language_domain {}", out);
    AddRate("natural_language_match_rate",
            static_cast<double>(num_natural_) / static_cast<double>(num_values_), out);
  }
  FinishTimes(out);
}

void SemanticSummary::Encode(combine::StateWriter& writer) const {
  for (const int64_t count : {num_values_, num_not_utf8_, num_empty_, num_natural_})
    WriteCount(count, writer);
  for (const int64_t count : num_images_) WriteCount(count, writer);
  for (const int64_t count : num_unix_times_) WriteCount(count, writer);
  for (const int64_t count : num_times_) WriteCount(count, writer);
}

Result<SemanticSummary> SemanticSummary::Decode(combine::StateReader& reader) {
  SemanticSummary summary;
  for (int64_t* count :
       {&summary.num_values_, &summary.num_not_utf8_, &summary.num_empty_, &summary.num_natural_})
    *count = ReadCount(reader);
  for (int64_t& count : summary.num_images_) count = ReadCount(reader);
  for (int64_t& count : summary.num_unix_times_) count = ReadCount(reader);
  for (int64_t& count : summary.num_times_) count = ReadCount(reader);
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return summary;
}

}  // namespace penstock::statistics
