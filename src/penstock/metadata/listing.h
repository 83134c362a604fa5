#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace penstock::metadata {

/// One condition of a listing. Fields go by the API's names ("display_name"; "tags.team" for a tag).
struct Predicate {
  enum class Operation {
    kEquals,
    kNotEquals,
    kGreaterThan,
    kGreaterThanEquals,
    kLessThan,
    kLessThanEquals,
    kIn,          ///< Of a list.
    kIsSubstring  ///< Letter case of ASCII does not count.
  };
  using Value = std::variant<int64_t, std::string, std::vector<int64_t>, std::vector<std::string>>;

  std::string field;
  Operation operation = Operation::kEquals;
  Value value;
};

/// Where a page ended: the sort field's value there, and the row.
struct PageKey {
  std::variant<int64_t, std::string> value;
  int64_t row = 0;
};

/// A page of things, in an order. Every condition given must hold.
struct ListQuery {
  std::vector<Predicate> predicates;
  std::optional<std::string> namespace_name;
  std::string experiment_id;  ///< Of runs and recurring runs; empty: of all.
  std::string pipeline_id;    ///< Of pipeline versions.
  std::string sort_field;     ///< Empty: "created_at".
  bool is_descending = false;
  std::optional<PageKey> after;  ///< The page behind it.
  int64_t limit = 20;
  bool wants_total = true;  ///< A later page has it from the first one.
};

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<PageKey> next;  ///< Empty: this was the last page.
  int64_t total = 0;            ///< Of all pages; 0 where it was not wanted.
};

}  // namespace penstock::metadata
