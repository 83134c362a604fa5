#include "penstock/apps/csv_flags.h"

namespace penstock::apps {

void CsvFlags::AddOptions(CLI::App* command) {
  command->add_option("--delimiter", delimiter, "CSV: what separates cells");
  command->add_option("--column-names", column_names, "CSV without a header line: the names")->delimiter(',');
  command->add_option("--null-values", null_values, "CSV: cells that mean missing, besides empty ones")
      ->delimiter(',');
}

Result<data::CsvOptions> CsvFlags::Options() const {
  if (delimiter.size() != 1)
    return InvalidArgument("--delimiter has to be one character, not '{}'", delimiter);
  return data::CsvOptions{delimiter[0], column_names, null_values};
}

}  // namespace penstock::apps
