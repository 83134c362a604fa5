#include <cstdint>
#include <cstring>
#include <optional>

#include <zlib.h>

#include "penstock/server/pipeline_text.h"

namespace penstock::server {
namespace {

constexpr size_t kMaxBytes = 32 << 20;  // Of the file, and of what it unpacks to.
constexpr size_t kMaxEntries = 10'000;
constexpr std::string_view kPipelineFile = "pipeline.yaml";

bool IsYaml(std::string_view name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

Status TooLarge() {
  return InvalidArgument(
      "File size too large. Maximum supported size: {}. Consider moving large embedded artifacts or "
      "notebooks or "
      "Python code into a container image or object store.",
      kMaxBytes);
}

/// `window_bits` as zlib has it: 31 for gzip, -15 for a bare deflate stream.
Result<std::string> Inflate(std::string_view packed, int window_bits, const char* what) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return ResourceExhausted("Out of memory");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string plain;
  int code = Z_OK;
  while (code == Z_OK && plain.size() <= kMaxBytes) {
    char block[64 << 10];
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof(block);
    code = inflate(&stream, Z_NO_FLUSH);
    plain.append(block, sizeof(block) - stream.avail_out);
    if (code == Z_BUF_ERROR) break;  // It ends in the middle.
  }
  inflateEnd(&stream);
  if (plain.size() > kMaxBytes) return TooLarge();
  if (code != Z_STREAM_END)
    return InvalidArgument("Error extracting pipeline from the {} file. Not a valid {} file", what, what);
  return plain;
}

uint32_t LittleEndian(std::string_view bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= uint32_t{static_cast<uint8_t>(bytes[at + i])} << (8 * i);
  return value;
}

Status BadZip() {
  return InvalidArgument("Error extracting pipeline from the zip file. Not a valid zip file");
}

struct ZipEntry {
  std::string name;
  uint32_t method = 0;
  size_t packed_size = 0;
  size_t header = 0;
};

/// The entry to take: pipeline.yaml, or the first.
Result<ZipEntry> FindInZip(std::string_view bytes) {
  constexpr size_t kEndSize = 22, kMaxComment = 65535, kCentralSize = 46;
  if (bytes.size() < kEndSize) return BadZip();
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kEndSize + kMaxComment));
  const size_t found = tail.rfind(std::string_view("PK\x05\x06", 4));
  if (found == std::string_view::npos || tail.size() - found < kEndSize) return BadZip();
  const size_t num_entries = LittleEndian(tail, found + 10, 2);
  size_t at = LittleEndian(tail, found + 16, 4);
  if (num_entries == 0) return InvalidArgument("Error extracting pipeline from the zip file. Empty zip file");
  if (num_entries > kMaxEntries) return InvalidArgument("The zip file has more than {} entries", kMaxEntries);
  std::optional<ZipEntry> first;
  for (size_t i = 0; i < num_entries; ++i) {
    if (at > bytes.size() || bytes.size() - at < kCentralSize ||
        bytes.substr(at, 4) != std::string_view("PK\x01\x02", 4))
      return BadZip();
    const size_t name_size = LittleEndian(bytes, at + 28, 2);
    if (bytes.size() - at - kCentralSize < name_size) return BadZip();
    ZipEntry entry{std::string(bytes.substr(at + kCentralSize, name_size)), LittleEndian(bytes, at + 10, 2),
                   LittleEndian(bytes, at + 20, 4), LittleEndian(bytes, at + 42, 4)};
    if (entry.name == kPipelineFile) return entry;
    if (!first.has_value()) first = entry;
    at += kCentralSize + name_size + LittleEndian(bytes, at + 30, 2) + LittleEndian(bytes, at + 32, 2);
  }
  return *first;
}

Result<std::string> UnpackZip(std::string_view bytes) {
  PENSTOCK_ASSIGN_OR_RETURN(const ZipEntry entry, FindInZip(bytes));
  if (!IsYaml(entry.name)) {
    return InvalidArgument(
        "Error extracting pipeline from the zip file. Expecting a pipeline.yaml file inside the zip. Got: {}",
        entry.name);
  }
  constexpr size_t kLocalSize = 30;
  if (entry.header > bytes.size() || bytes.size() - entry.header < kLocalSize ||
      bytes.substr(entry.header, 4) != std::string_view("PK\x03\x04", 4))
    return BadZip();
  const size_t begin = entry.header + kLocalSize + LittleEndian(bytes, entry.header + 26, 2) +
                       LittleEndian(bytes, entry.header + 28, 2);
  if (begin > bytes.size() || bytes.size() - begin < entry.packed_size) return BadZip();
  const std::string_view packed = bytes.substr(begin, entry.packed_size);
  constexpr uint32_t kStored = 0, kDeflated = 8;
  if (entry.method == kStored) return std::string(packed);
  if (entry.method != kDeflated)
    return InvalidArgument("The zip file is packed by method {}; write it with deflate", entry.method);
  return Inflate(packed, -15, "zip");
}

Status BadTar() {
  return InvalidArgument("Error extracting pipeline from the tarball file. Not a valid tarball file");
}

Result<std::string> UnpackTarball(std::string_view bytes) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string tar, Inflate(bytes, 31, "tarball"));
  constexpr size_t kBlock = 512, kNameSize = 100, kSizeAt = 124, kSizeSize = 12, kTypeAt = 156;
  std::optional<std::string> first_name, first;
  for (size_t at = 0, num_entries = 0; at + kBlock <= tar.size() && num_entries < kMaxEntries;
       ++num_entries) {
    const std::string_view header = std::string_view(tar).substr(at, kBlock);
    if (header[0] == '\0') break;
    const std::string name(header.substr(0, strnlen(header.data(), kNameSize)));
    uint64_t size = 0;
    for (const char c : header.substr(kSizeAt, kSizeSize)) {
      if (c >= '0' && c <= '7') size = size * 8 + static_cast<uint64_t>(c - '0');
    }
    at += kBlock;
    if (size > tar.size() - at) return BadTar();
    const char type = header[kTypeAt];
    if (type == '0' || type == '\0') {
      std::string content = tar.substr(at, size);
      if (name == kPipelineFile || name == "./" + std::string(kPipelineFile)) return content;
      if (!first_name.has_value()) {
        first_name = name;
        first = std::move(content);
      }
    }
    at += (size + kBlock - 1) / kBlock * kBlock;
    if (at > tar.size()) break;
  }
  if (!first_name.has_value()) return BadTar();
  if (!IsYaml(*first_name)) {
    return InvalidArgument(
        "Error extracting pipeline from the tarball file. Expecting a pipeline.yaml file inside the tarball. "
        "Got: "
        "{}",
        *first_name);
  }
  return *std::move(first);
}

/// The value of `name` in "form-data; name=\"x\"; filename=\"y\"".
std::string Attribute(std::string_view header, std::string_view name) {
  const std::string quoted = " " + std::string(name) + "=";
  size_t at = header.find(quoted);
  if (at == std::string_view::npos) return {};
  at += quoted.size();
  if (at < header.size() && header[at] == '"') {
    std::string value;
    for (++at; at < header.size() && header[at] != '"'; ++at) {
      if (header[at] == '\\' && at + 1 < header.size()) ++at;
      value += header[at];
    }
    return value;
  }
  const size_t end = std::min(header.find_first_of("; \r\n", at), header.size());
  return std::string(header.substr(at, end - at));
}

}  // namespace

Result<std::string> UnpackPipelineFile(std::string bytes, const std::string& file_name) {
  if (bytes.size() > kMaxBytes) return TooLarge();
  if (IsYaml(file_name) || file_name.ends_with(".json")) return bytes;
  if (bytes.starts_with("PK")) return UnpackZip(bytes);
  if (bytes.starts_with("\x1F\x8B")) return UnpackTarball(bytes);
  return InvalidArgument("Unexpected pipeline file format. Support .zip, .tar.gz, .json or YAML");
}

Result<UploadedFile> ReadUploadedFile(std::string_view body, std::string_view content_type,
                                      std::string_view field) {
  if (!content_type.starts_with("multipart/form-data"))
    return InvalidArgument("Failed to read pipeline from file: the request is no multipart/form-data");
  const std::string boundary = Attribute(std::string(content_type), "boundary");
  constexpr size_t kMaxBoundary = 200;
  if (boundary.empty() || boundary.size() > kMaxBoundary)
    return InvalidArgument("Failed to read pipeline from file: the form has no boundary");
  const std::string delimiter = "--" + boundary;
  size_t at = body.find(delimiter);
  while (at != std::string_view::npos) {
    at += delimiter.size();
    if (body.substr(at, 2) == "--") break;
    const size_t header_end = body.find("\r\n\r\n", at);
    if (header_end == std::string_view::npos) break;
    const std::string_view header = body.substr(at, header_end - at);
    const size_t content = header_end + 4;
    const size_t end = body.find("\r\n" + delimiter, content);
    if (end == std::string_view::npos) break;
    if (Attribute(header, "name") == field)
      return UploadedFile{Attribute(header, "filename"), std::string(body.substr(content, end - content))};
    at = end + 2;
  }
  return InvalidArgument("Failed to read pipeline from file: the form has no field '{}'", field);
}

}  // namespace penstock::server
