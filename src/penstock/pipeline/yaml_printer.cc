#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "penstock/pipeline/yaml_document.h"

namespace penstock::pipeline {
namespace {

/// Characters that some YAML version will not have raw: controls, line and paragraph
/// separators, the byte order mark. (As UTF-8.)
bool NeedsEscapes(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    const std::string_view rest = text.substr(i);
    if (byte == 0xC2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0) return true;
    if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) return true;
    if (rest.starts_with("\xEF\xBB\xBF") || rest.starts_with("\xEF\xBF\xBE") ||
        rest.starts_with("\xEF\xBF\xBF")) {
      return true;
    }
  }
  return false;
}

/// Words that YAML 1.1 or 1.2 take for a boolean or nothing.
bool IsReservedWord(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kWords = {"y",   "n",    "yes",   "no",  "on",
                                                             "off", "true", "false", "null"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return letter >= 'A' && letter <= 'Z' ? letter + 32 : letter; });
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

/// A text that begins with a letter, '_', '/' or "--x" and holds nothing YAML gives a meaning to: never a
/// number or a date.
bool IsPlain(std::string_view text) {
  if (text.empty() || text.size() > 500 || text.back() == ' ' || IsReservedWord(text)) return false;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_word = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  const std::string_view start = text.starts_with("--") ? text.substr(2) : text;
  if (start.empty() || (!is_letter(start.front()) && start.front() != '/')) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    // A colon only means something before a space.
    const bool is_harmless_colon = text[i] == ':' && i + 1 < text.size() && is_word(text[i + 1]);
    if (is_word(text[i]) || is_harmless_colon) continue;
    if (std::string_view("./- ").find(text[i]) == std::string_view::npos) return false;
  }
  return true;
}

std::string DoubleQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto at = [&](size_t k) { return static_cast<unsigned char>(text[i + k]); };
    if (byte == '"' || byte == '\\') {
      quoted += '\\';
      quoted += text[i];
    } else if (byte == '\n') {
      quoted += "\\n";
    } else if (byte == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xC2 && i + 1 < text.size() && at(1) < 0xA0) {
      quoted += fmt::format("\\x{:02x}", at(1));
      i += 1;
    } else if ((byte == 0xE2 || byte == 0xEF) && i + 2 < text.size() && NeedsEscapes(text.substr(i, 3))) {
      quoted += fmt::format("\\u{:04x}", (byte & 0x0F) << 12 | (at(1) & 0x3F) << 6 | (at(2) & 0x3F));
      i += 2;
    } else {
      quoted += text[i];
    }
  }
  return quoted + '"';
}

std::string Text(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  if (NeedsEscapes(text)) return DoubleQuoted(text);
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + '\'';
}

std::string Leaf(const nlohmann::json& value) {
  if (value.is_string()) return Text(value.get_ref<const std::string&>());
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool IsBlock(const nlohmann::json& value) { return value.is_structured() && !value.empty(); }

void PrintObject(const nlohmann::json& object, int indent, std::string& out);

/// As PyYAML lays it out: the items of a list in a mapping stand under the key itself.
void PrintArray(const nlohmann::json& array, int indent, std::string& out) {
  bool is_first = true;
  for (const nlohmann::json& item : array) {
    if (!is_first) out.append(static_cast<size_t>(indent), ' ');
    is_first = false;
    out += "- ";
    if (!IsBlock(item)) {
      out += Leaf(item) + "\n";
    } else if (item.is_array()) {
      PrintArray(item, indent + 2, out);
    } else {
      PrintObject(item, indent + 2, out);
    }
  }
}

/// The first line continues what stands in `out`; the others are indented.
void PrintObject(const nlohmann::json& object, int indent, std::string& out) {
  bool is_first = true;
  for (const auto& [key, value] : object.items()) {
    if (!is_first) out.append(static_cast<size_t>(indent), ' ');
    is_first = false;
    out += Text(key) + ":";
    if (!IsBlock(value)) {
      out += " " + Leaf(value) + "\n";
    } else if (value.is_array()) {
      out += "\n" + std::string(static_cast<size_t>(indent), ' ');
      PrintArray(value, indent, out);
    } else {
      out += "\n" + std::string(static_cast<size_t>(indent + 2), ' ');
      PrintObject(value, indent + 2, out);
    }
  }
}

}  // namespace

std::string PrintYaml(const nlohmann::json& value) {
  std::string out;
  if (!IsBlock(value)) {
    out = Leaf(value) + "\n";
  } else if (value.is_array()) {
    PrintArray(value, 0, out);
  } else {
    PrintObject(value, 0, out);
  }
  return out;
}

}  // namespace penstock::pipeline
