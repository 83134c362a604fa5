#include "penstock/data/csv/csv_dataset.h"

#include <algorithm>
#include <mutex>

#include "penstock/data/csv/column_decoder.h"
#include "penstock/data/csv/column_types.h"
#include "penstock/data/csv/csv_file.h"
#include "penstock/data/csv/record_scan.h"
#include "penstock/data/csv/tokenizer.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/row_builder.h"
#include "penstock/data/sharded_dataset.h"

namespace penstock::data::csv {
namespace {

constexpr int64_t kShardBytes = int64_t{4} << 20;
/// Grids of this many rows keep their text and entries in a core's cache from tokenizing to decoding.
constexpr int64_t kGridRows = 1024;

struct Shard {
  int file = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

/// Everything about the data, shared by the dataset and its readers. Constant once opened.
struct Layout {
  std::vector<CsvFile> files;
  std::vector<Shard> shards;
  std::vector<std::string> column_names;  // Of the files.
  std::vector<ColumnType> types;          // Of the files' columns.
  std::vector<int> selected;              // The places of the schema's columns among the files' columns.
  std::shared_ptr<arrow::Schema> schema;
  char delimiter = ',';
  NullWords null_words;
  int64_t max_batch_rows = 0;

  const FileSource& SourceOf(const Shard& shard) const {
    return files[static_cast<size_t>(shard.file)].source;
  }
  int64_t ShardBytes(const Shard& shard) const { return shard.end - shard.begin; }
  int num_columns() const { return static_cast<int>(column_names.size()); }
};

Status CheckDelimiter(char delimiter) {
  const bool is_usable =
      delimiter == '\t' || (delimiter >= ' ' && delimiter < 0x7F && delimiter != '"' && delimiter != '.' &&
                            delimiter != '+' && delimiter != '-' && (delimiter < '0' || delimiter > '9'));
  if (is_usable) return OkStatus();
  return InvalidArgument(
      "The CSV delimiter must be a printable ASCII character other than a digit, quote, '.', '+' or '-'; "
      "it is byte {}",
      static_cast<int>(static_cast<unsigned char>(delimiter)));
}

Status CheckSameHeader(const Layout& layout, const std::string& path, const std::vector<std::string>& names) {
  const std::string& first = layout.files[0].source.path();
  if (names.size() != layout.column_names.size())
    return InvalidArgument("The headers differ: {} has {} columns, {} has {}", first,
                           layout.column_names.size(), path, names.size());
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] != layout.column_names[i])
      return InvalidArgument("The headers differ: column {} is '{}' in {}, but '{}' in {}", i + 1,
                             layout.column_names[i], first, names[i], path);
  return OkStatus();
}

Status OpenFiles(const std::vector<FileSource>& sources, const CsvOptions& options, Layout& layout) {
  for (const FileSource& source : sources) {
    std::vector<std::string> names;
    PENSTOCK_ASSIGN_OR_RETURN(CsvFile file, OpenCsvFile(source, options, names));
    if (layout.files.empty()) {
      layout.column_names = std::move(names);
    } else {
      PENSTOCK_RETURN_IF_ERROR(CheckSameHeader(layout, source.path(), names));
    }
    layout.files.push_back(std::move(file));
  }
  return OkStatus();
}

Status CutIntoShards(const ExecutionOptions& execution, Layout& layout) {
  for (size_t file = 0; file < layout.files.size(); ++file) {
    const FileSource& source = layout.files[file].source;
    PENSTOCK_ASSIGN_OR_RETURN(
        const RecordRanges ranges,
        FindRecordRanges(source, layout.files[file].data_offset, layout.delimiter, kShardBytes, execution));
    if (ranges.unterminated_quote >= 0) {
      PENSTOCK_ASSIGN_OR_RETURN(const int64_t row, LineOf(source, ranges.unterminated_quote));
      return InvalidArgument("{}, row {}: a quote is opened there and never closed", source.path(), row);
    }
    for (size_t i = 0; i + 1 < ranges.bounds.size(); ++i) {
      const Shard shard{static_cast<int>(file), ranges.bounds[i], ranges.bounds[i + 1]};
      if (shard.end - shard.begin > Tokenizer::kMaxTextBytes) {
        PENSTOCK_ASSIGN_OR_RETURN(const int64_t row, LineOf(source, shard.begin));
        return InvalidArgument("{}, row {}: a row is longer than {} bytes", source.path(), row,
                               Tokenizer::kMaxTextBytes);
      }
      layout.shards.push_back(shard);
    }
  }
  return OkStatus();
}

/// Hands out a shard's records as grids, checked.
class ShardText {
 public:
  ShardText(const Layout& layout, const Shard& shard)
      : layout_(layout), shard_(shard), tokenizer_(layout.delimiter, layout.num_columns()) {}

  Status Load() {
    PENSTOCK_ASSIGN_OR_RETURN(const auto file, source().Open());
    PENSTOCK_RETURN_IF_ERROR(text_.Read(source(), *file, shard_.begin, shard_.end - shard_.begin));
    tokenizer_.Reset(text_);
    return OkStatus();
  }
  /// A grid without rows at the end.
  Status Next(int64_t max_rows, CellGrid& grid) {
    grid.null_words = layout_.null_words.IsEmpty() ? nullptr : &layout_.null_words;
    if (const auto fault = tokenizer_.Next(max_rows, grid))
      return DescribeFault(source(), *fault, shard_.begin, layout_.column_names);
    return CheckUtf8(source(), grid, shard_.begin, layout_.column_names);
  }
  const FileSource& source() const { return layout_.SourceOf(shard_); }
  const Shard& shard() const { return shard_; }

 private:
  const Layout& layout_;
  const Shard shard_;
  Tokenizer tokenizer_;
  PaddedBytes text_;
};

Status InferTypes(const std::vector<bool>& is_declared, const ExecutionOptions& execution, Layout& layout) {
  std::mutex mutex;
  std::vector<ColumnProfile> merged(layout.column_names.size());  // Guarded by mutex.
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(layout.shards.size()), execution, [&](int64_t i) -> Status {
        const Shard& shard = layout.shards[static_cast<size_t>(i)];
        ShardText text(layout, shard);
        PENSTOCK_RETURN_IF_ERROR(text.Load());
        std::vector<ColumnProfile> profiles(layout.column_names.size());
        CellGrid grid;
        do {
          PENSTOCK_RETURN_IF_ERROR(text.Next(kGridRows, grid));
          AddToProfiles(grid, shard.file, shard.begin, profiles);
        } while (grid.num_rows > 0);
        std::lock_guard lock(mutex);
        for (size_t column = 0; column < merged.size(); ++column) merged[column].MergeFrom(profiles[column]);
        return OkStatus();
      }));
  for (size_t column = 0; column < merged.size(); ++column) {
    if (is_declared[column]) continue;
    const TypeDecision decision = DecideType(merged[column]);
    if (decision.offending == nullptr) {
      layout.types[column] = decision.type;
      continue;
    }
    const FileSource& source = layout.files[static_cast<size_t>(decision.offending->file)].source;
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t row, LineOf(source, decision.offending->record_offset));
    return InvalidArgument(
        "{}, row {}, column '{}': '{}' is not a number, but {} of the column's {} values are (fix the "
        "value, or declare the column as BYTES in a schema)",
        source.path(), row, layout.column_names[column], decision.offending->text, decision.num_numbers,
        decision.num_values);
  }
  return OkStatus();
}

Status ChooseTypes(const DatasetOptions& options, const ExecutionOptions& execution, Layout& layout) {
  const auto declared = DeclaredFeatures(options.schema);
  std::vector<bool> is_declared(layout.column_names.size());
  layout.types.resize(layout.column_names.size(), ColumnType::kUtf8);
  for (size_t column = 0; column < layout.column_names.size(); ++column) {
    const auto feature = declared.find(layout.column_names[column]);
    if (feature == declared.end()) continue;
    is_declared[column] = true;
    if (feature->second.kind == FeatureKind::kInteger) layout.types[column] = ColumnType::kInt64;
    if (feature->second.kind == FeatureKind::kFloat) layout.types[column] = ColumnType::kDouble;
  }
  if (std::find(is_declared.begin(), is_declared.end(), false) == is_declared.end()) return OkStatus();
  return InferTypes(is_declared, execution, layout);
}

std::string_view TypeLabel(ColumnType type) {
  return type == ColumnType::kInt64 ? "an integer (of 64 bits)" : "a number (within the range of double)";
}

class CsvShardReader : public BatchReader {
 public:
  CsvShardReader(std::shared_ptr<const Layout> layout, const Shard& shard)
      : layout_(std::move(layout)), text_(*layout_, shard) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return layout_->schema; }

  Result<std::optional<Batch>> Next() override {
    if (!is_loaded_) PENSTOCK_RETURN_IF_ERROR(Load());
    int64_t num_rows = 0;
    while (num_rows < layout_->max_batch_rows) {
      PENSTOCK_RETURN_IF_ERROR(text_.Next(std::min(kGridRows, layout_->max_batch_rows - num_rows), grid_));
      if (grid_.num_rows == 0) break;
      PENSTOCK_RETURN_IF_ERROR(DecodeGrid());
      num_rows += grid_.num_rows;
    }
    if (num_rows == 0) return std::optional<Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(Batch batch, FinishBatch(layout_->schema, num_rows, decoders_));
    return std::optional<Batch>(std::move(batch));
  }

 private:
  Status Load() {
    PENSTOCK_RETURN_IF_ERROR(text_.Load());
    for (const int column : layout_->selected)
      decoders_.push_back(MakeColumnDecoder(layout_->types[static_cast<size_t>(column)]));
    is_loaded_ = true;
    return OkStatus();
  }

  Status DecodeGrid() {
    for (size_t i = 0; i < decoders_.size(); ++i) {
      const int column = layout_->selected[i];
      PENSTOCK_ASSIGN_OR_RETURN(const auto bad_row, decoders_[i]->Append(grid_, column));
      if (!bad_row) continue;
      return DescribeUnparsedCell(text_.source(), text_.shard().begin + grid_.RecordStart(*bad_row),
                                  layout_->column_names[static_cast<size_t>(column)],
                                  grid_.At(*bad_row, column),
                                  TypeLabel(layout_->types[static_cast<size_t>(column)]));
    }
    return OkStatus();
  }

  const std::shared_ptr<const Layout> layout_;
  ShardText text_;
  CellGrid grid_;
  std::vector<std::unique_ptr<ColumnDecoder>> decoders_;
  bool is_loaded_ = false;
};

using CsvDataset = ShardedDataset<Layout, CsvShardReader>;

}  // namespace

Result<std::unique_ptr<Dataset>> OpenCsvDataset(std::vector<FileSource> files, const DatasetOptions& options,
                                                const ExecutionOptions& execution) {
  PENSTOCK_RETURN_IF_ERROR(CheckDelimiter(options.csv.delimiter));
  auto layout = std::make_shared<Layout>();
  layout->delimiter = options.csv.delimiter;
  layout->null_words = NullWords(options.csv.null_values);
  layout->max_batch_rows = options.max_batch_rows;
  PENSTOCK_RETURN_IF_ERROR(OpenFiles(files, options.csv, *layout));
  PENSTOCK_ASSIGN_OR_RETURN(layout->selected,
                            SelectColumns(layout->column_names, options.columns, files.front().path()));
  PENSTOCK_RETURN_IF_ERROR(CutIntoShards(execution, *layout));
  PENSTOCK_RETURN_IF_ERROR(ChooseTypes(options, execution, *layout));
  arrow::FieldVector fields;
  for (const int column : layout->selected)
    fields.push_back(arrow::field(layout->column_names[static_cast<size_t>(column)],
                                  ArrowType(layout->types[static_cast<size_t>(column)])));
  layout->schema = arrow::schema(std::move(fields));
  return std::make_unique<CsvDataset>(std::move(layout));
}

}  // namespace penstock::data::csv
