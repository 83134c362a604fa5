#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/data/csv/tokenizer.h"
#include "penstock/data/dataset.h"
#include "penstock/data/file_access.h"

namespace penstock::data::csv {

/// One file, its header read.
struct CsvFile {
  FileSource source;
  int64_t data_offset = 0;  ///< Where the first record after the header begins.
};

/// Passes the byte order mark and the header line. `column_names` comes out as the header's, or as
/// options.column_names where given. Errors: empty file, header without rows, a column without
/// a name or twice the same, a header that is not UTF-8 or longer than 1 MiB.
Result<CsvFile> OpenCsvFile(const FileSource& source, const CsvOptions& options,
                            std::vector<std::string>& column_names);

/// The line number of a byte: one pass over the file up to there. For messages.
Result<int64_t> LineOf(const FileSource& source, int64_t offset);

/// A fault of the text that lies at `text_offset` in the file.
Status DescribeFault(const FileSource& source, const Fault& fault, int64_t text_offset,
                     const std::vector<std::string>& column_names);
/// kOk when all of the grid's text is UTF-8, else names row and column.
Status CheckUtf8(const FileSource& source, const CellGrid& grid, int64_t text_offset,
                 const std::vector<std::string>& column_names);
/// A cell that is no number although its column is one.
Status DescribeUnparsedCell(const FileSource& source, int64_t record_offset, const std::string& column,
                            Cell cell, std::string_view type);

}  // namespace penstock::data::csv
