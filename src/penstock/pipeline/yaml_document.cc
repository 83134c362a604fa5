#include "penstock/pipeline/yaml_document.h"

#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "penstock/base/yaml_fault.h"

namespace penstock::pipeline {
namespace {

/// The byte at which `text` stops being UTF-8, or npos.
size_t FindInvalidUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xC2 && lead < 0xE0 ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    if (length == 0 || i + length > text.size()) return i;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return i;
    }
    const auto second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
      return i;
    }
    i += length;
  }
  return std::string_view::npos;
}

size_t CountValues(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& item : node.items) count += CountValues(item);
  for (const YamlEntry& entry : node.entries) count += 1 + CountValues(entry.value);
  return count;
}

/// Levels of `node`: a scalar is one.
int CountLevels(const YamlNode& node) {
  int deepest = 0;
  for (const YamlNode& item : node.items) deepest = std::max(deepest, CountLevels(item));
  for (const YamlEntry& entry : node.entries) deepest = std::max(deepest, CountLevels(entry.value));
  return deepest + 1;
}

/// Builds trees out of yaml-cpp's events. After the first error it only counts depth, so that
/// no exception of ours has to travel through the library.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& name, const YamlLimits& limits) : name_(name), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark&) override {
    open_.clear();
    anchors_.clear();
    root_ = YamlNode{};
  }
  void OnDocumentEnd() override {
    documents_.push_back(std::move(root_));
    root_ = YamlNode{};
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    AddLeaf(MakeNode(mark, YamlNode::Kind::kNull), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) return Fail(mark, "an alias refers to a value that is not complete yet");
    num_values_ += known->second.num_values;
    if (static_cast<int>(open_.size()) + known->second.num_levels > limits_.depth) return FailTooDeep(mark);
    if (num_values_ > limits_.num_values) return FailTooMany(mark);
    YamlNode copy = known->second.node;
    copy.line = mark.line + 1;
    copy.column = mark.column + 1;
    Attach(std::move(copy));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = MakeNode(mark, YamlNode::Kind::kScalar);
    node.text = value;
    node.is_quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    AddLeaf(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(MakeNode(mark, YamlNode::Kind::kSequence), anchor, mark);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(MakeNode(mark, YamlNode::Kind::kMapping), anchor, mark);
  }
  void OnMapEnd() override { Close(); }

  const Status& status() const { return status_; }
  std::vector<YamlNode>& documents() { return documents_; }

 private:
  struct OpenNode {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    YamlNode key;  ///< Of a mapping: read, its value not yet.
    bool has_key = false;
    std::set<std::string> keys;
  };
  struct Anchored {
    YamlNode node;
    size_t num_values = 0;
    int num_levels = 0;
  };

  static YamlNode MakeNode(const YAML::Mark& mark, YamlNode::Kind kind) {
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void Fail(const YAML::Mark& mark, std::string_view what) {
    if (status_.ok()) status_ = InvalidArgument("{}:{}:{}: {}", name_, mark.line + 1, mark.column + 1, what);
  }
  void FailTooDeep(const YAML::Mark& mark) {
    Fail(mark, fmt::format("nested deeper than {} levels", limits_.depth));
  }
  void FailTooMany(const YAML::Mark& mark) {
    Fail(mark, fmt::format("more than {} values", limits_.num_values));
  }

  void AddLeaf(YamlNode node, YAML::anchor_t anchor) {
    if (!status_.ok()) return;
    if (++num_values_ > limits_.num_values) return FailTooMany({});
    if (anchor != 0) anchors_[anchor] = Anchored{node, 1, 1};
    Attach(std::move(node));
  }
  void Open(YamlNode node, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (!status_.ok()) return;
    if (++num_values_ > limits_.num_values) return FailTooMany(mark);
    if (static_cast<int>(open_.size()) >= limits_.depth) return FailTooDeep(mark);
    open_.push_back(OpenNode{std::move(node), anchor, {}, false, {}});
  }
  void Close() {
    if (!status_.ok()) return;
    OpenNode closed = std::move(open_.back());
    open_.pop_back();
    if (closed.anchor != 0) {
      const size_t num_values = CountValues(closed.node);
      const int num_levels = CountLevels(closed.node);
      anchors_[closed.anchor] = Anchored{closed.node, num_values, num_levels};
    }
    Attach(std::move(closed.node));
  }

  void Attach(YamlNode node) {
    if (!status_.ok()) return;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    OpenNode& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.node.entries.push_back(YamlEntry{std::move(parent.key), std::move(node)});
      parent.has_key = false;
    } else {
      AttachKey(parent, std::move(node));
    }
  }
  void AttachKey(OpenNode& parent, YamlNode node) {
    const std::string where = node.Where(name_);
    if (node.kind != YamlNode::Kind::kScalar) {
      status_ = InvalidArgument("{}: a key must be plain text", where);
    } else if (!parent.keys.insert(node.text).second) {
      status_ = InvalidArgument("{}: the key '{}' stands here twice; remove one", where, node.text);
    } else {
      parent.key = std::move(node);
      parent.has_key = true;
    }
  }

  const std::string& name_;
  const YamlLimits& limits_;
  Status status_;
  std::vector<YamlNode> documents_;
  YamlNode root_;
  std::vector<OpenNode> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  size_t num_values_ = 0;
};

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// YAML 1.2 core: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool LooksLikeFloat(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (const size_t exponent = text.find_first_of("eE"); exponent != std::string_view::npos) {
    std::string_view digits = text.substr(exponent + 1);
    if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
    if (!IsDigits(digits)) return false;
    text = text.substr(0, exponent);
  }
  const size_t point = text.find('.');
  if (point == std::string_view::npos) return IsDigits(text);
  const std::string_view whole = text.substr(0, point), fraction = text.substr(point + 1);
  return whole.empty() ? IsDigits(fraction) : IsDigits(whole) && (fraction.empty() || IsDigits(fraction));
}

Result<nlohmann::json> NumberOrText(const YamlNode& node, std::string_view file) {
  std::string_view digits = node.text;
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  const std::string_view magnitude = !digits.empty() && digits[0] == '-' ? digits.substr(1) : digits;
  if (magnitude.size() > 1 && magnitude[0] == '0' && IsDigits(magnitude)) return nlohmann::json(node.text);
  if (IsDigits(magnitude)) {
    int64_t integer = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), integer);
    if (error == std::errc() && end == digits.data() + digits.size()) return nlohmann::json(integer);
  }
  if (LooksLikeFloat(node.text)) {
    double number = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size()) return nlohmann::json(number);
    return InvalidArgument("{}: the number {} does not fit a double", node.Where(file), node.text);
  }
  static constexpr std::string_view kNotFinite[] = {".inf",  ".Inf", ".INF", "+.inf",
                                                    "-.inf", ".nan", ".NaN", ".NAN"};
  for (std::string_view word : kNotFinite) {
    if (node.text == word)
      return InvalidArgument("{}: {} is not a finite number", node.Where(file), node.text);
  }
  return nlohmann::json(node.text);
}

Result<nlohmann::json> ScalarToJson(const YamlNode& node, std::string_view file) {
  const std::string& text = node.text;
  if (node.is_quoted) return nlohmann::json(text);
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nlohmann::json();
  if (text == "true" || text == "True" || text == "TRUE") return nlohmann::json(true);
  if (text == "false" || text == "False" || text == "FALSE") return nlohmann::json(false);
  return NumberOrText(node, file);
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key.text == key) return &entry.value;
  }
  return nullptr;
}

std::string YamlNode::Where(std::string_view file) const {
  return fmt::format("{}:{}:{}", file, line, column);
}

Result<std::vector<YamlNode>> ParseYaml(std::string_view text, const std::string& name,
                                        const YamlLimits& limits) {
  if (text.size() > limits.num_bytes) {
    return InvalidArgument("{}: {} bytes are too many (at most {})", name, text.size(), limits.num_bytes);
  }
  if (const size_t bad = FindInvalidUtf8(text); bad != std::string_view::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
    const size_t line_start = text.substr(0, bad).rfind('\n') + 1;
    return InvalidArgument("{}:{}:{}: byte 0x{:02x} is not UTF-8", name, line, bad - line_start + 1,
                           static_cast<unsigned char>(text[bad]));
  }
  TreeBuilder builder(name, limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (builder.status().ok() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::DeepRecursion&) {
    if (!builder.status().ok()) return builder.status();
    return InvalidArgument("{}: nested deeper than {} levels", name, limits.depth);
  } catch (const YAML::Exception& error) {
    // What stands first in the text is what the reader has to mend first.
    if (!builder.status().ok()) return builder.status();
    return InvalidArgument("{}", DescribeYamlFault(name, text, error.mark.is_null() ? -1 : error.mark.line,
                                                   error.mark.column, error.msg));
  } catch (const std::exception& error) {
    return InvalidArgument("{}: not YAML: {}", name, error.what());
  }
  if (!builder.status().ok()) return builder.status();
  return std::move(builder.documents());
}

Result<nlohmann::json> YamlToJson(const YamlNode& node, std::string_view file) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      return nlohmann::json();
    case YamlNode::Kind::kScalar:
      return ScalarToJson(node, file);
    case YamlNode::Kind::kSequence: {
      nlohmann::json list = nlohmann::json::array();
      for (const YamlNode& item : node.items) {
        PENSTOCK_ASSIGN_OR_RETURN(nlohmann::json value, YamlToJson(item, file));
        list.push_back(std::move(value));
      }
      return list;
    }
    case YamlNode::Kind::kMapping:
      break;
  }
  nlohmann::json object = nlohmann::json::object();
  for (const YamlEntry& entry : node.entries) {
    PENSTOCK_ASSIGN_OR_RETURN(object[entry.key.text], YamlToJson(entry.value, file));
  }
  return object;
}

}  // namespace penstock::pipeline
