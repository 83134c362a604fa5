#include "penstock/data/json_lines/json_lines_dataset.h"

#include <algorithm>
#include <cstring>

#include <arrow/util/utf8.h>

#include "penstock/data/csv/csv_file.h"
#include "penstock/data/csv/tokenizer.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/json_lines/column_types.h"
#include "penstock/data/json_lines/line_decoder.h"
#include "penstock/data/sharded_dataset.h"

namespace penstock::data::json_lines {
namespace {

constexpr int64_t kShardBytes = int64_t{4} << 20;
constexpr int64_t kMaxLineBytes = int64_t{256} << 20;

struct Shard {
  int file = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

/// Shared by the dataset and its readers. Constant once opened.
struct Layout {
  std::vector<FileSource> files;
  std::vector<Shard> shards;
  std::vector<ColumnType> columns;
  std::shared_ptr<arrow::Schema> schema;
  int64_t max_batch_rows = 0;

  const FileSource& SourceOf(const Shard& shard) const { return files[static_cast<size_t>(shard.file)]; }
  int64_t ShardBytes(const Shard& shard) const { return shard.end - shard.begin; }
};

/// The first line start at or after `from`, or the end of the file.
Result<int64_t> NextLine(const FileSource& source, arrow::io::RandomAccessFile& file, int64_t from) {
  constexpr int64_t kPieceBytes = 16384;
  PaddedBytes piece;
  for (int64_t at = from - 1; at < source.size(); at += kPieceBytes) {
    PENSTOCK_RETURN_IF_ERROR(piece.Read(source, file, at, std::min(kPieceBytes, source.size() - at)));
    const size_t end = piece.view().find('\n');
    if (end != std::string_view::npos) return at + static_cast<int64_t>(end) + 1;
  }
  return source.size();
}

Result<std::vector<Shard>> CutFile(const FileSource& source, int file_index) {
  if (source.size() == 0)
    return InvalidArgument("The file is empty: {} (a line with an object is needed)", source.path());
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  PaddedBytes head;
  PENSTOCK_RETURN_IF_ERROR(head.Read(source, *file, 0, std::min<int64_t>(source.size(), 3)));
  if (head.view().starts_with("\xFF\xFE") || head.view().starts_with("\xFE\xFF"))
    return InvalidArgument(
        "The file is UTF-16, not UTF-8: {} (convert it, for example by iconv -f UTF-16 -t UTF-8)",
        source.path());
  std::vector<Shard> shards;
  int64_t begin = head.view() == "\xEF\xBB\xBF" ? 3 : 0;
  while (begin < source.size()) {
    const int64_t target = (begin / kShardBytes + 1) * kShardBytes;
    int64_t end = source.size();
    if (target < source.size()) {
      PENSTOCK_ASSIGN_OR_RETURN(end, NextLine(source, *file, target));
    }
    if (end - begin > kMaxLineBytes) {
      PENSTOCK_ASSIGN_OR_RETURN(const int64_t row, csv::LineOf(source, begin));
      return InvalidArgument(
          "{}, row {}: a row at or after this one is longer than {} bytes (is the file JSON lines?)",
          source.path(), row, kMaxLineBytes - kShardBytes);
    }
    shards.push_back({file_index, begin, end});
    begin = end;
  }
  return shards;
}

/// Hands out a shard's lines that are not empty.
class ShardLines {
 public:
  ShardLines(const FileSource& source, const Shard& shard) : source_(source), shard_(shard) {}

  Status Load() {
    PENSTOCK_ASSIGN_OR_RETURN(const auto file, source_.Open());
    return text_.Read(source_, *file, shard_.begin, shard_.end - shard_.begin);
  }
  bool Next(std::string_view& line) {
    const std::string_view text = text_.view();
    while (next_ < text.size()) {
      line_ = next_;
      const auto* const end =
          static_cast<const char*>(std::memchr(text.data() + next_, '\n', text.size() - next_));
      const size_t size = (end == nullptr ? text.size() : static_cast<size_t>(end - text.data())) - next_;
      line = text.substr(next_, size);
      next_ += size + 1;
      if (line.find_first_not_of(" \t\r") != line.npos) return true;
    }
    return false;
  }
  bool IsAscii() const { return csv::IsAscii(text_.view()); }
  /// Of the line handed out last.
  int64_t offset() const { return shard_.begin + static_cast<int64_t>(line_); }
  Status Describe(const LineFault& fault) const {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t row, csv::LineOf(source_, offset()));
    const std::string column = fault.column.empty() ? "" : fmt::format(", column '{}'", fault.column);
    return InvalidArgument("{}, row {}{}: {}", source_.path(), row, column, fault.what);
  }

 private:
  const FileSource& source_;
  const Shard shard_;
  PaddedBytes text_;
  size_t next_ = 0;
  size_t line_ = 0;
};

Result<ColumnProfiles> ProfileShard(const Layout& layout, const Shard& shard,
                                    const std::vector<std::string>& wanted) {
  ShardLines lines(layout.SourceOf(shard), shard);
  PENSTOCK_RETURN_IF_ERROR(lines.Load());
  LineProfiler profiler(wanted, lines.IsAscii());
  for (std::string_view line; lines.Next(line);) {
    profiler.StartLine(shard.file, lines.offset());
    if (const auto fault = LineScanner(line, profiler).Scan()) return lines.Describe(*fault);
    if (const char* const fault = profiler.EndLine()) return lines.Describe({fault, ""});
  }
  return profiler.Finish();
}

Status Describe(const Layout& layout, const TypeFault& fault) {
  const FileSource& source = layout.files[static_cast<size_t>(fault.first->file)];
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t row, csv::LineOf(source, fault.first->record_offset));
  if (fault.second == nullptr) return InvalidArgument("{}, row {}, {}", source.path(), row, fault.message);
  const FileSource& other = layout.files[static_cast<size_t>(fault.second->file)];
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t other_row, csv::LineOf(other, fault.second->record_offset));
  return InvalidArgument("{}, row {} and {}, row {}, {}", source.path(), row, other.path(), other_row,
                         fault.message);
}

class JsonLinesShardReader : public BatchReader {
 public:
  JsonLinesShardReader(std::shared_ptr<const Layout> layout, const Shard& shard)
      : layout_(std::move(layout)),
        lines_(layout_->SourceOf(shard), shard),
        decoder_(layout_->columns, layout_->schema) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return layout_->schema; }

  Result<std::optional<Batch>> Next() override {
    if (!is_loaded_) PENSTOCK_RETURN_IF_ERROR(lines_.Load());
    is_loaded_ = true;
    for (std::string_view line; decoder_.num_rows() < layout_->max_batch_rows && lines_.Next(line);) {
      decoder_.StartLine();
      if (const auto fault = LineScanner(line, decoder_).Scan()) return lines_.Describe(*fault);
      PENSTOCK_RETURN_IF_ERROR(decoder_.EndLine());
    }
    if (decoder_.num_rows() == 0) return std::optional<Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(Batch batch, decoder_.Finish());
    return std::optional<Batch>(std::move(batch));
  }

 private:
  const std::shared_ptr<const Layout> layout_;
  ShardLines lines_;
  LineDecoder decoder_;
  bool is_loaded_ = false;
};

using JsonLinesDataset = ShardedDataset<Layout, JsonLinesShardReader>;

}  // namespace

Result<std::unique_ptr<Dataset>> OpenJsonLinesDataset(std::vector<FileSource> files,
                                                      const DatasetOptions& options,
                                                      const ExecutionOptions& execution) {
  arrow::util::InitializeUTF8();
  auto layout = std::make_shared<Layout>();
  layout->files = std::move(files);
  layout->max_batch_rows = options.max_batch_rows;
  PENSTOCK_ASSIGN_OR_RETURN(layout->shards, CutFiles<Shard>(layout->files, execution, CutFile));
  PENSTOCK_ASSIGN_OR_RETURN(const auto profiles,
                            ProfileShards<ColumnProfiles>(layout->shards, execution, [&](const Shard& shard) {
                              return ProfileShard(*layout, shard, options.columns);
                            }));
  if (profiles.empty() && options.columns.empty())
    return InvalidArgument("There are no columns in {}: a row is an object such as {{\"fare\": 7.5}}",
                           layout->files[0].path());
  std::vector<TypeFault> faults;
  const auto types = DecideTypes(profiles, DeclaredFeatures(options.schema), faults);
  if (!faults.empty()) return Describe(*layout, faults.front());
  std::vector<std::string> names;
  for (const ColumnType& type : types) names.push_back(type.name);
  PENSTOCK_ASSIGN_OR_RETURN(const auto selected,
                            SelectColumns(names, options.columns, layout->files[0].path()));
  arrow::FieldVector fields;
  for (const int place : selected) {
    layout->columns.push_back(types[static_cast<size_t>(place)]);
    fields.push_back(arrow::field(layout->columns.back().name, ArrowType(layout->columns.back())));
  }
  layout->schema = arrow::schema(std::move(fields));
  return std::make_unique<JsonLinesDataset>(std::move(layout));
}

}  // namespace penstock::data::json_lines
