#pragma once

#include <cstdint>
#include <string_view>

#include "penstock/data/tfrecord/wire_reader.h"

namespace penstock::data::tfrecord {

/// The wire form of tf.Example and tf.SequenceExample, read in place: Example { Features features = 1 },
/// SequenceExample { Features context = 1, FeatureLists feature_lists = 2 }, Features { map<string, Feature>
/// feature = 1 }, FeatureLists { map<string, FeatureList> feature_list = 1 }, FeatureList { repeated Feature
/// feature = 1 }, Feature { oneof { BytesList = 1, FloatList = 2, Int64List = 3 } }, each list { repeated
/// value = 1 }, numbers packed or not. An Example is a SequenceExample without lists. Depth is fixed, so
/// hostile bytes cannot recurse.

enum class ValueKind : uint8_t { kUnset, kBytes, kFloat, kInteger };

constexpr std::string_view KindName(ValueKind kind) {
  constexpr std::string_view kNames[] = {"unset", "BytesList", "FloatList", "Int64List"};
  return kNames[static_cast<size_t>(kind)];
}

/// One feature of one example.
struct FeatureView {
  ValueKind kind = ValueKind::kUnset;
  std::string_view list;  ///< The bytes of its list message.
};

/// Calls on_feature(name, FeatureView) for every feature (of the context), and on_feature_lists(bytes) for
/// the FeatureLists of a SequenceExample, in the order they lie there. Returns null, or what is wrong with
/// the record. on_feature_lists returns whether its bytes are well-formed.
template <class OnFeature, class OnFeatureLists>
const char* ParseExample(std::string_view record, const OnFeature& on_feature,
                         const OnFeatureLists& on_feature_lists);

/// Calls on_list(name, bytes of the FeatureList) for every list of a FeatureLists; false when malformed.
template <class OnList>
bool ParseFeatureLists(std::string_view bytes, const OnList& on_list);

/// Calls on_feature(FeatureView) for every feature of a FeatureList; false when malformed.
template <class OnFeature>
bool ForEachFeature(std::string_view feature_list, const OnFeature& on_feature);

/// Call on_value(value) for every value of a list of that kind; false when the bytes are malformed.
template <class OnValue>
bool ForEachBytes(std::string_view list, const OnValue& on_value);
template <class OnValue>
bool ForEachFloat(std::string_view list, const OnValue& on_value);
template <class OnValue>
bool ForEachInteger(std::string_view list, const OnValue& on_value);

// ---- implementation

/// False when `bytes` is no Feature.
inline bool ParseFeature(std::string_view bytes, FeatureView& feature) {
  WireReader reader(bytes);
  feature = {};
  while (!reader.AtEnd()) {
    uint32_t field, type;
    if (!reader.Tag(field, type)) return false;
    if (field >= 1 && field <= 3) {
      // Of several the last one stands, as in any oneof.
      feature.kind = static_cast<ValueKind>(field);
      if (type != WireReader::kLength || !reader.Bytes(feature.list)) return false;
    } else if (!reader.Skip(type)) {
      return false;
    }
  }
  return true;
}

/// Calls on_entry(key, value bytes) for every entry of a message that is one map<string, message> = 1.
template <class OnEntry>
bool ForEachEntry(std::string_view bytes, const OnEntry& on_entry) {
  WireReader reader(bytes);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    std::string_view entry;
    if (!reader.Tag(field, type)) return false;
    if (field != 1) {
      if (!reader.Skip(type)) return false;
      continue;
    }
    if (type != WireReader::kLength || !reader.Bytes(entry)) return false;
    WireReader entry_reader(entry);
    std::string_view key, value;
    while (!entry_reader.AtEnd()) {
      if (!entry_reader.Tag(field, type)) return false;
      if (field != 1 && field != 2) {
        if (!entry_reader.Skip(type)) return false;
      } else if (type != WireReader::kLength || !entry_reader.Bytes(field == 1 ? key : value)) {
        return false;
      }
    }
    if (!on_entry(key, value)) return false;
  }
  return true;
}

template <class OnFeature>
bool ParseFeatures(std::string_view bytes, const OnFeature& on_feature) {
  return ForEachEntry(bytes, [&](std::string_view name, std::string_view value) {
    FeatureView feature;
    if (!ParseFeature(value, feature)) return false;
    on_feature(name, feature);
    return true;
  });
}

template <class OnList>
bool ParseFeatureLists(std::string_view bytes, const OnList& on_list) {
  return ForEachEntry(bytes, [&](std::string_view name, std::string_view value) {
    on_list(name, value);
    return true;
  });
}

template <class OnFeature, class OnFeatureLists>
const char* ParseExample(std::string_view record, const OnFeature& on_feature,
                         const OnFeatureLists& on_feature_lists) {
  WireReader reader(record);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    std::string_view message;
    if (!reader.Tag(field, type)) return "the record is no tf.Example";
    if (field > 2 || type != WireReader::kLength) {
      if (!reader.Skip(type)) return "the record is no tf.Example";
      continue;
    }
    if (!reader.Bytes(message)) return "the record is no tf.Example";
    if (field == 2) {
      if (!on_feature_lists(message)) return "the record is no tf.SequenceExample";
    } else if (!ParseFeatures(message, on_feature)) {
      return "the record is no tf.Example";
    }
  }
  return nullptr;
}

template <class OnFeature>
bool ForEachFeature(std::string_view feature_list, const OnFeature& on_feature) {
  WireReader reader(feature_list);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    std::string_view bytes;
    if (!reader.Tag(field, type)) return false;
    if (field != 1) {
      if (!reader.Skip(type)) return false;
      continue;
    }
    FeatureView feature;
    if (type != WireReader::kLength || !reader.Bytes(bytes) || !ParseFeature(bytes, feature)) return false;
    on_feature(feature);
  }
  return true;
}

template <class OnValue>
bool ForEachBytes(std::string_view list, const OnValue& on_value) {
  WireReader reader(list);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    std::string_view value;
    if (!reader.Tag(field, type)) return false;
    if (field == 1 && type == WireReader::kLength) {
      if (!reader.Bytes(value)) return false;
      on_value(value);
    } else if (field == 1 || !reader.Skip(type)) {
      return false;
    }
  }
  return true;
}

/// Numbers lie packed in one field, or one a field.
template <class Value, uint32_t kUnpackedType, bool (WireReader::*kRead)(Value&), class OnValue>
bool ForEachNumber(std::string_view list, const OnValue& on_value) {
  WireReader reader(list);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    Value value;
    std::string_view packed;
    if (!reader.Tag(field, type)) return false;
    if (field == 1 && type == WireReader::kLength) {
      if (!reader.Bytes(packed)) return false;
      for (WireReader values(packed); !values.AtEnd();) {
        if (!(values.*kRead)(value)) return false;
        on_value(value);
      }
    } else if (field == 1 && type == kUnpackedType) {
      if (!(reader.*kRead)(value)) return false;
      on_value(value);
    } else if (field == 1 || !reader.Skip(type)) {
      return false;
    }
  }
  return true;
}

template <class OnValue>
bool ForEachFloat(std::string_view list, const OnValue& on_value) {
  return ForEachNumber<float, WireReader::kFixed32, &WireReader::Float>(list, on_value);
}

template <class OnValue>
bool ForEachInteger(std::string_view list, const OnValue& on_value) {
  return ForEachNumber<uint64_t, WireReader::kVarint, &WireReader::Varint>(
      list, [&](uint64_t value) { on_value(static_cast<int64_t>(value)); });
}

}  // namespace penstock::data::tfrecord
