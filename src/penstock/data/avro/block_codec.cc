#include <algorithm>
#include <memory>

#include <arrow/util/compression.h>
#include <zlib.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/avro/container.h"

namespace penstock::data::avro {
namespace {

constexpr size_t kMaxUnpackedBytes = size_t{1} << 30;
constexpr size_t kChecksumBytes = 4;
/// Deflate without zlib's or gzip's frame.
constexpr int kRawDeflate = -15;

Status Damaged(std::string_view why) { return DataLoss("a block does not unpack: {}", why); }

Status TooLarge() {
  return ResourceExhausted("a block unpacks to more than {} bytes (write the file again with smaller blocks)",
                           kMaxUnpackedBytes);
}

/// Doubles the room; false where there is enough already.
bool Grow(std::string& bytes, size_t packed_size) {
  if (bytes.size() >= kMaxUnpackedBytes) return false;
  bytes.resize(std::min(kMaxUnpackedBytes, std::max(bytes.size() * 2, packed_size * 4 + 4096)));
  return true;
}

Status Inflate(std::string_view packed, std::string& unpacked) {
  z_stream stream{};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) return ResourceExhausted("zlib has no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  unpacked.clear();
  size_t size = 0;
  while (true) {
    if (size == unpacked.size() && !Grow(unpacked, packed.size())) return TooLarge();
    stream.next_out = reinterpret_cast<Bytef*>(unpacked.data() + size);
    stream.avail_out = static_cast<uInt>(unpacked.size() - size);
    const int code = inflate(&stream, Z_NO_FLUSH);
    size = unpacked.size() - stream.avail_out;
    if (code == Z_STREAM_END) break;
    if (code != Z_OK && !(code == Z_BUF_ERROR && stream.avail_out == 0))
      return Damaged(stream.msg == nullptr ? "it ends early" : stream.msg);
    if (code == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) return Damaged("it ends early");
  }
  unpacked.resize(size);
  return OkStatus();
}

Result<std::unique_ptr<arrow::util::Codec>> MakeCodec(arrow::Compression::type type) {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(auto codec, arrow::util::Codec::Create(type));
  return codec;
}

/// The length that a snappy text says it has; a varint at its begin.
size_t SnappyLength(std::string_view packed) {
  size_t length = 0;
  for (size_t i = 0; i < std::min<size_t>(packed.size(), 5); ++i) {
    length |= static_cast<size_t>(packed[i] & 0x7F) << (7 * i);
    if ((packed[i] & 0x80) == 0) return length;
  }
  return kMaxUnpackedBytes + 1;
}

uint32_t BigEndian32(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

Status Unsnap(std::string_view packed, std::string& unpacked) {
  if (packed.size() < kChecksumBytes) return Damaged("it has no checksum");
  const std::string_view text = packed.substr(0, packed.size() - kChecksumBytes);
  const size_t length = SnappyLength(text);
  if (length > kMaxUnpackedBytes) return TooLarge();
  PENSTOCK_ASSIGN_OR_RETURN(const auto codec, MakeCodec(arrow::Compression::SNAPPY));
  unpacked.resize(length);
  const auto count =
      codec->Decompress(static_cast<int64_t>(text.size()), reinterpret_cast<const uint8_t*>(text.data()),
                        static_cast<int64_t>(length), reinterpret_cast<uint8_t*>(unpacked.data()));
  if (!count.ok() || static_cast<size_t>(*count) != length) return Damaged("it is no snappy text");
  const auto checksum = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(unpacked.data()), static_cast<uInt>(unpacked.size())));
  if (checksum != BigEndian32(packed.substr(text.size()))) return Damaged("its checksum is wrong");
  return OkStatus();
}

/// Zstandard and bzip2 do not say beforehand how much they hold.
Status UnpackStream(arrow::Compression::type type, std::string_view packed, std::string& unpacked) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto codec, MakeCodec(type));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto stream, codec->MakeDecompressor());
  unpacked.clear();
  size_t size = 0;
  while (!stream->IsFinished()) {
    if (size == unpacked.size() && !Grow(unpacked, packed.size())) return TooLarge();
    const auto step = stream->Decompress(
        static_cast<int64_t>(packed.size()), reinterpret_cast<const uint8_t*>(packed.data()),
        static_cast<int64_t>(unpacked.size() - size), reinterpret_cast<uint8_t*>(unpacked.data() + size));
    if (!step.ok()) return Damaged(step.status().message());
    packed.remove_prefix(static_cast<size_t>(step->bytes_read));
    size += static_cast<size_t>(step->bytes_written);
    if (step->bytes_read == 0 && step->bytes_written == 0) {
      if (packed.empty() && !stream->IsFinished()) return Damaged("it ends early");
      if (size < unpacked.size() && !Grow(unpacked, packed.size())) return TooLarge();
    }
  }
  unpacked.resize(size);
  return OkStatus();
}

Status Deflate(std::string_view unpacked, std::string& packed) {
  z_stream stream{};
  // The fastest level: half as large as plain, three times as fast as the usual level.
  if (deflateInit2(&stream, 1, Z_DEFLATED, kRawDeflate, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return ResourceExhausted("zlib has no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, deflateEnd);
  packed.resize(deflateBound(&stream, static_cast<uLong>(unpacked.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(unpacked.data()));
  stream.avail_in = static_cast<uInt>(unpacked.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return Internal("A block does not deflate");
  packed.resize(stream.total_out);
  return OkStatus();
}

}  // namespace

Status UnpackBlock(Codec codec, std::string_view packed, std::string& unpacked) {
  if (packed.size() > kMaxUnpackedBytes) return TooLarge();
  switch (codec) {
    case Codec::kNull:
      unpacked = packed;
      return OkStatus();
    case Codec::kDeflate:
      return Inflate(packed, unpacked);
    case Codec::kSnappy:
      return Unsnap(packed, unpacked);
    case Codec::kZstandard:
      return UnpackStream(arrow::Compression::ZSTD, packed, unpacked);
    case Codec::kBzip2:
      return UnpackStream(arrow::Compression::BZ2, packed, unpacked);
  }
  return Internal("No such codec: {}", static_cast<int>(codec));
}

Status PackBlock(Codec codec, std::string_view unpacked, std::string& packed) {
  if (codec == Codec::kDeflate) return Deflate(unpacked, packed);
  if (codec != Codec::kNull) return Unimplemented("Avro is written with deflate or without packing");
  packed = unpacked;
  return OkStatus();
}

}  // namespace penstock::data::avro
