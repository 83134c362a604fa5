#include "penstock/statistics/state_cache.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/combine/state_codec.h"

namespace penstock::statistics {

namespace {

constexpr uint8_t kEntryVersion = 1;
constexpr std::string_view kMark = "penstock-state";

Digest Checksum(std::string_view what, std::string_view content) {
  return DigestBuilder().Add(what).Add(content).Finish();
}

/// Version, mark, what it is of, content, checksum.
combine::Bytes Seal(std::string_view what, std::string_view content) {
  combine::StateWriter writer;
  writer.Version(kEntryVersion).Text(kMark).Text(what).Text(content).Text(Checksum(what, content).ToHex());
  return std::move(writer).Take();
}

std::optional<combine::Bytes> Open(const std::string& path, std::string_view what, std::string& why) {
  const auto exists = fs::Exists(path);
  if (!exists.ok() || !*exists) {
    why = "not in the cache";
    return std::nullopt;
  }
  const auto bytes = fs::ReadFile(path);
  if (!bytes.ok()) {
    why = "the cache's entry cannot be read";
    return std::nullopt;
  }
  combine::StateReader reader(*bytes, "cache entry");
  reader.Version(kEntryVersion);
  const std::string_view mark = reader.Text(), of = reader.Text(), content = reader.Text(),
                         sum = reader.Text();
  if (!reader.Finish().ok() || mark != kMark) {
    why = "the cache's entry is damaged or of another version";
    return std::nullopt;
  }
  if (of != what || sum != Checksum(what, content).ToHex()) {
    why = "the cache's entry is damaged or of other data";
    return std::nullopt;
  }
  return combine::Bytes(content);
}

}  // namespace

std::shared_ptr<arrow::Schema> StateCache::FindSchema(const Digest& data) const {
  std::string why;
  const auto bytes = Open(fs::Join(folder_, data.ToHex() + ".schema"), data.ToHex(), why);
  if (!bytes.has_value()) return nullptr;
  const auto reader = arrow::io::BufferReader::FromString(*bytes);
  arrow::ipc::DictionaryMemo memo;
  auto schema = arrow::ipc::ReadSchema(reader.get(), &memo);
  return schema.ok() ? *std::move(schema) : nullptr;
}

Status StateCache::PutSchema(const Digest& data, const arrow::Schema& schema) const {
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto buffer, arrow::ipc::SerializeSchema(schema));
  return fs::WriteFileAtomically(fs::Join(folder_, data.ToHex() + ".schema"),
                                 Seal(data.ToHex(), std::string_view(*buffer)));
}

std::optional<combine::Bytes> StateCache::FindState(const Digest& data, const Digest& combiner,
                                                    std::string& why) const {
  const std::string name = data.ToHex() + "-" + combiner.ToHex();
  return Open(fs::Join(folder_, name + ".state"), name, why);
}

Status StateCache::PutState(const Digest& data, const Digest& combiner, std::string_view state) const {
  const std::string name = data.ToHex() + "-" + combiner.ToHex();
  return fs::WriteFileAtomically(fs::Join(folder_, name + ".state"), Seal(name, state));
}

}  // namespace penstock::statistics
