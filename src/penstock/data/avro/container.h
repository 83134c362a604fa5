#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/data/avro/avro_schema.h"
#include "penstock/data/file_access.h"

namespace penstock::data::avro {

/// What packs the blocks of a file.
enum class Codec { kNull, kDeflate, kSnappy, kZstandard, kBzip2 };

/// The head of an object container file.
struct Container {
  AvroType type;
  Codec codec = Codec::kNull;
  std::string sync;        ///< The 16 bytes after every block.
  int64_t data_begin = 0;  ///< Where the first block starts.
};

/// Where a block of records lies.
struct Block {
  int64_t offset = 0;  ///< Of its packed bytes.
  int64_t num_bytes = 0;
  int64_t num_records = 0;
  int64_t first_record = 0;  ///< In the file, from 0.
};

/// Whether these first bytes are those of an Avro file.
bool IsAvroHead(std::string_view head);

/// kDataLoss where the file is no Avro file or cut short, kInvalidArgument for a schema examples cannot have
/// and for an unknown codec. Reads the head alone.
Result<Container> ReadContainer(const FileSource& source);

/// All blocks, found by walking from one to the next: two small reads each. kDataLoss names the byte where a
/// length is wrong or a block does not end in the file's mark.
Result<std::vector<Block>> FindBlocks(const FileSource& source, const Container& container);

/// `packed`, which is a block's bytes, unpacked. kDataLoss where it is damaged; kResourceExhausted beyond 1
/// GiB.
Status UnpackBlock(Codec codec, std::string_view packed, std::string& unpacked);
Status PackBlock(Codec codec, std::string_view unpacked, std::string& packed);

}  // namespace penstock::data::avro
