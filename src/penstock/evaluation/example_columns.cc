#include "penstock/evaluation/example_columns.h"

#include <arrow/record_batch.h>

#include "penstock/base/near_miss.h"

namespace penstock::evaluation {

Result<ColumnPointer> ExampleRows::Find(const std::string& name) const {
  const auto found = columns.find(name);
  if (found != columns.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, column] : columns) names.push_back(known);
  return NotFound("The data has no column '{}'{}", name, DidYouMean(name, names));
}

Result<ExampleRows> ReadExampleRows(const data::Batch& batch, const std::set<std::string>& columns,
                                    const std::set<std::string>& if_there) {
  ExampleRows rows;
  rows.num_rows = batch->num_rows();
  for (const std::string& name : columns) {
    PENSTOCK_ASSIGN_OR_RETURN(rows.columns[name], ReadExampleColumn(batch, name));
  }
  for (const std::string& name : if_there) {
    if (rows.columns.count(name) > 0 || batch->schema()->GetFieldIndex(name) < 0) continue;
    PENSTOCK_ASSIGN_OR_RETURN(rows.columns[name], ReadExampleColumn(batch, name));
  }
  return rows;
}

}  // namespace penstock::evaluation
