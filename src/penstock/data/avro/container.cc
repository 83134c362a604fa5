#include "penstock/data/avro/container.h"

#include <algorithm>
#include <map>

#include "penstock/data/avro/wire.h"

namespace penstock::data::avro {
namespace {

constexpr std::string_view kMagic("Obj\x01", 4);
constexpr int64_t kSyncBytes = 16;
/// Two numbers of at most ten bytes each.
constexpr int64_t kBlockHeadBytes = 20;
constexpr int64_t kMaxHeadBytes = int64_t{16} << 20;

Status Damaged(const FileSource& source, std::string_view what) {
  return DataLoss("The Avro file is damaged or cut short: {} ({})", source.path(), what);
}

Result<Codec> CodecOf(const std::string& name, const FileSource& source) {
  static const std::map<std::string, Codec> kCodecs = {
      {"", Codec::kNull},         {"null", Codec::kNull},           {"deflate", Codec::kDeflate},
      {"snappy", Codec::kSnappy}, {"zstandard", Codec::kZstandard}, {"bzip2", Codec::kBzip2}};
  const auto found = kCodecs.find(name);
  if (found != kCodecs.end()) return found->second;
  return InvalidArgument(
      "{}: its blocks are packed by '{}'; null, deflate, snappy, zstandard and bzip2 are read (write it "
      "again "
      "by one of these)",
      source.path(), name.substr(0, 40));
}

/// The metadata and the mark; false where the bytes end before them or are no such thing.
bool ReadHead(WireReader& reader, std::map<std::string, std::string>& metadata, std::string& sync) {
  std::string_view bytes;
  if (!reader.ReadFixed(static_cast<int64_t>(kMagic.size()), bytes) || bytes != kMagic) return false;
  int64_t num_entries = 0;
  while (true) {
    if (!reader.ReadRun(num_entries)) return false;
    if (num_entries == 0) break;
    for (int64_t i = 0; i < num_entries; ++i) {
      std::string_view key, value;
      if (!reader.ReadBytes(key) || !reader.ReadBytes(value)) return false;
      metadata[std::string(key)] = value;
    }
  }
  if (!reader.ReadFixed(kSyncBytes, bytes)) return false;
  sync = bytes;
  return true;
}

}  // namespace

bool IsAvroHead(std::string_view head) { return head.starts_with(kMagic); }

Result<Container> ReadContainer(const FileSource& source) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  Container container;
  std::map<std::string, std::string> metadata;
  PaddedBytes head;
  for (int64_t length = 65536;; length *= 4) {
    length = std::min({length, source.size(), kMaxHeadBytes});
    PENSTOCK_RETURN_IF_ERROR(head.Read(source, *file, 0, length));
    if (!IsAvroHead(head.view()))
      return DataLoss("The file is no Avro file: {} (it does not begin with Obj and a byte 1)",
                      source.path());
    WireReader reader(head.view());
    metadata.clear();
    if (ReadHead(reader, metadata, container.sync)) {
      container.data_begin = reader.position();
      break;
    }
    if (length == source.size() || length == kMaxHeadBytes) return Damaged(source, "its head does not end");
  }
  PENSTOCK_ASSIGN_OR_RETURN(container.codec, CodecOf(metadata["avro.codec"], source));
  if (!metadata.contains("avro.schema")) return Damaged(source, "it has no schema");
  auto type = ParseAvroSchema(metadata["avro.schema"]);
  if (!type.ok()) return Annotate(type.status(), source.path());
  container.type = *std::move(type);
  return container;
}

Result<std::vector<Block>> FindBlocks(const FileSource& source, const Container& container) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  std::vector<Block> blocks;
  int64_t num_records = 0;
  PaddedBytes bytes;
  int64_t at = container.data_begin;
  // The mark of a block and the head of the next one lie side by side: one read for both.
  PENSTOCK_RETURN_IF_ERROR(bytes.Read(source, *file, at, std::min(kBlockHeadBytes, source.size() - at)));
  std::string_view head = bytes.view();
  while (at < source.size()) {
    WireReader reader(head);
    Block block;
    block.first_record = num_records;
    if (!reader.ReadLong(block.num_records) || !reader.ReadLong(block.num_bytes) || block.num_records < 0 ||
        block.num_bytes < 0)
      return Damaged(source, fmt::format("the block at byte {} has no valid length", at));
    block.offset = at + reader.position();
    if (block.num_bytes > source.size() - block.offset - kSyncBytes)
      return Damaged(source, fmt::format("the block at byte {} reaches beyond the file's end", at));
    const int64_t end = block.offset + block.num_bytes;
    PENSTOCK_RETURN_IF_ERROR(
        bytes.Read(source, *file, end, std::min(kSyncBytes + kBlockHeadBytes, source.size() - end)));
    if (bytes.view().substr(0, kSyncBytes) != container.sync)
      return Damaged(source, fmt::format("the block at byte {} does not end in the file's sync marker", at));
    head = bytes.view().substr(kSyncBytes);
    at = end + kSyncBytes;
    if (block.num_records > INT64_MAX - num_records)
      return Damaged(source, "it says it holds more records than can be counted");
    num_records += block.num_records;
    if (block.num_records > 0) blocks.push_back(block);
  }
  return blocks;
}

}  // namespace penstock::data::avro
