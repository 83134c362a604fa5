#include "penstock/evaluation/row_filter.h"

#include "penstock/combine/row_filter.h"

namespace penstock::evaluation {

/// The filter of the room below, which reads and evaluates it.
struct FilterNode {
  combine::RowFilter filter;
};

Result<RowFilter> RowFilter::Parse(const std::string& condition) {
  PENSTOCK_ASSIGN_OR_RETURN(combine::RowFilter parsed, combine::RowFilter::Parse(condition));
  RowFilter filter;
  filter.root_ = std::make_shared<FilterNode>(FilterNode{std::move(parsed)});
  return filter;
}

std::vector<std::string> RowFilter::columns() const { return root_->filter.columns(); }

Result<std::vector<bool>> RowFilter::Holds(const data::Batch& batch) const {
  return root_->filter.Holds(batch);
}

Result<SliceQuery> ParseSliceQuery(const std::string& sql) {
  PENSTOCK_ASSIGN_OR_RETURN(combine::SliceQuery parsed, combine::ParseSliceQuery(sql));
  SliceQuery query;
  query.columns = std::move(parsed.columns);
  if (parsed.filter.has_value()) {
    PENSTOCK_ASSIGN_OR_RETURN(query.filter, RowFilter::Parse(parsed.condition));
  }
  return query;
}

}  // namespace penstock::evaluation
