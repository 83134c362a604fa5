#include "penstock/data/avro/avro_dataset.h"

#include <algorithm>

#include <arrow/record_batch.h>
#include <arrow/util/utf8.h>

#include "penstock/data/avro/container.h"
#include "penstock/data/avro/record_decoder.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/file_schema.h"
#include "penstock/data/sharded_dataset.h"

namespace penstock::data::avro {
namespace {

constexpr int64_t kMinShardBytes = int64_t{4} << 20;
/// No batch grows beyond this much unpacked text: a column of it still fits 32-bit offsets.
constexpr int64_t kMaxBatchBytes = int64_t{64} << 20;

struct AvroFile {
  FileSource source;
  Container container;
  std::vector<int> places;  ///< Of its fields among the dataset's columns; -1: none.
  std::vector<Block> blocks;
};

struct Shard {
  int file = 0;
  size_t begin = 0;  // Blocks.
  size_t end = 0;
  int64_t num_bytes = 0;
};

/// Shared by the dataset and its readers. Constant once opened.
struct Layout {
  std::vector<AvroFile> files;
  std::vector<Shard> shards;
  std::shared_ptr<arrow::Schema> schema;
  int64_t max_batch_rows = 0;

  int64_t ShardBytes(const Shard& shard) const { return shard.num_bytes; }
};

class AvroShardReader : public BatchReader {
 public:
  AvroShardReader(std::shared_ptr<const Layout> layout, const Shard& shard)
      : layout_(std::move(layout)),
        shard_(shard),
        file_(layout_->files[static_cast<size_t>(shard.file)]),
        next_block_(shard.begin) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return layout_->schema; }

  Result<std::optional<Batch>> Next() override {
    if (!decoder_) {
      PENSTOCK_ASSIGN_OR_RETURN(decoder_,
                                RecordDecoder::Make(file_.container.type, file_.places, layout_->schema));
    }
    int64_t num_bytes = 0;
    while (decoder_->num_rows() < layout_->max_batch_rows && num_bytes < kMaxBatchBytes) {
      if (num_left_ == 0) {
        if (next_block_ == shard_.end) break;
        PENSTOCK_RETURN_IF_ERROR(OpenBlock());
      }
      PENSTOCK_RETURN_IF_ERROR(DecodeRecords(num_bytes));
    }
    if (decoder_->num_rows() == 0) return std::optional<Batch>();
    PENSTOCK_ASSIGN_OR_RETURN(auto batch, decoder_->Finish());
    return std::optional<Batch>(std::move(batch));
  }

 private:
  Status OpenBlock() {
    const Block& block = file_.blocks[next_block_++];
    if (file_handle_ == nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(file_handle_, file_.source.Open());
    }
    PENSTOCK_RETURN_IF_ERROR(packed_.Read(file_.source, *file_handle_, block.offset, block.num_bytes));
    const Status unpacked = UnpackBlock(file_.container.codec, packed_.view(), unpacked_);
    if (!unpacked.ok())
      return Annotate(unpacked, fmt::format("{}, row {}, byte {}", file_.source.path(),
                                            block.first_record + 1, block.offset));
    // Every record takes a byte at least (ParseAvroSchema).
    if (block.num_records > static_cast<int64_t>(unpacked_.size()))
      return DataLoss("{}, row {}: the block says it holds {} records, but has {} bytes", file_.source.path(),
                      block.first_record + 1, block.num_records, unpacked_.size());
    reader_ = WireReader(unpacked_);
    record_ = block.first_record;
    num_left_ = block.num_records;
    return OkStatus();
  }

  /// Of the open block, until the batch is full; adds the bytes they took to `num_bytes`.
  Status DecodeRecords(int64_t& num_bytes) {
    const int64_t begin = reader_.position();
    while (num_left_ > 0 && decoder_->num_rows() < layout_->max_batch_rows &&
           num_bytes + reader_.position() - begin < kMaxBatchBytes) {
      ++record_;
      if (const Status decoded = decoder_->Decode(reader_); !decoded.ok())
        return Annotate(decoded, fmt::format("{}, row {}", file_.source.path(), record_));
      --num_left_;
    }
    if (num_left_ == 0 && reader_.remaining() > 0)
      return DataLoss("{}: after row {} the block has {} bytes more than its records", file_.source.path(),
                      record_, reader_.remaining());
    num_bytes += reader_.position() - begin;
    return OkStatus();
  }

  const std::shared_ptr<const Layout> layout_;
  const Shard& shard_;
  const AvroFile& file_;
  size_t next_block_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_handle_;
  std::optional<RecordDecoder> decoder_;
  PaddedBytes packed_;
  std::string unpacked_;
  WireReader reader_;  // Of unpacked_.
  int64_t record_ = 0;
  int64_t num_left_ = 0;  // Of the open block.
};

using AvroDataset = ShardedDataset<Layout, AvroShardReader>;

/// The columns a file gives, and where each of its fields goes.
Result<std::shared_ptr<arrow::Schema>> SelectFields(const std::vector<std::string>& wanted, AvroFile& file) {
  const AvroType& record = file.container.type;
  PENSTOCK_ASSIGN_OR_RETURN(const auto chosen, SelectColumns(record.names, wanted, file.source.path()));
  file.places.assign(record.names.size(), -1);
  arrow::FieldVector fields;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const auto place = static_cast<size_t>(chosen[i]);
    auto type = ColumnType(record.children[place], record.names[place]);
    if (!type.ok()) return Annotate(type.status(), file.source.path());
    file.places[place] = static_cast<int>(i);
    fields.push_back(arrow::field(record.names[place], *std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

/// Two files may have their fields in another order: the columns are the first one's.
void PlaceAsIn(const arrow::Schema& schema, AvroFile& file) {
  for (size_t i = 0; i < file.places.size(); ++i)
    if (file.places[i] >= 0) file.places[i] = schema.GetFieldIndex(file.container.type.names[i]);
}

std::vector<Shard> CutIntoShards(const std::vector<AvroFile>& files) {
  std::vector<Shard> shards;
  for (size_t i = 0; i < files.size(); ++i) {
    const auto& blocks = files[i].blocks;
    for (size_t begin = 0; begin < blocks.size();) {
      Shard shard{static_cast<int>(i), begin, begin, 0};
      while (shard.end < blocks.size() && shard.num_bytes < kMinShardBytes)
        shard.num_bytes += blocks[shard.end++].num_bytes;
      begin = shard.end;
      shards.push_back(shard);
    }
  }
  return shards;
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenAvroDataset(std::vector<FileSource> files, const DatasetOptions& options,
                                                 const ExecutionOptions& execution) {
  arrow::util::InitializeUTF8();
  auto layout = std::make_shared<Layout>();
  layout->max_batch_rows = options.max_batch_rows;
  layout->files.resize(files.size());
  std::vector<std::shared_ptr<arrow::Schema>> schemas(files.size());
  PENSTOCK_RETURN_IF_ERROR(
      ParallelFor(static_cast<int64_t>(files.size()), execution, [&](int64_t i) -> Status {
        AvroFile& file = layout->files[static_cast<size_t>(i)];
        file.source = std::move(files[static_cast<size_t>(i)]);
        PENSTOCK_ASSIGN_OR_RETURN(file.container, ReadContainer(file.source));
        PENSTOCK_ASSIGN_OR_RETURN(schemas[static_cast<size_t>(i)], SelectFields(options.columns, file));
        PENSTOCK_ASSIGN_OR_RETURN(file.blocks, FindBlocks(file.source, file.container));
        return OkStatus();
      }));
  layout->schema = schemas[0];
  for (size_t i = 1; i < schemas.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(CheckSameSchema(*layout->schema, layout->files[0].source.path(), *schemas[i],
                                             layout->files[i].source.path()));
    PlaceAsIn(*layout->schema, layout->files[i]);
  }
  layout->shards = CutIntoShards(layout->files);
  return std::make_unique<AvroDataset>(std::move(layout));
}

}  // namespace penstock::data::avro
