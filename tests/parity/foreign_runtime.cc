#include "parity/foreign_runtime.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"

namespace penstock::tests {

data::Batch StrangeRows() {
  std::mt19937 random(99);
  std::normal_distribution<double> number;
  const std::vector<std::optional<std::string>> kinds{
      "x", "y", "\xc3\xbc", "\xe6\x97\xa5\xe6\x9c\xac", "never", std::nullopt};
  arrow::DoubleBuilder a, b;
  arrow::StringBuilder kind;
  for (int i = 0; i < 1000; ++i) {
    const bool has_a = i % 7 != 0, has_b = i % 13 != 0;
    const double scale = i % 50 == 0 ? 1e6 : 1;
    EXPECT_TRUE((has_a ? a.Append(static_cast<float>(scale * number(random))) : a.AppendNull()).ok());
    EXPECT_TRUE((has_b ? b.Append(static_cast<float>(number(random))) : b.AppendNull()).ok());
    const auto& token = kinds[static_cast<size_t>(i) % kinds.size()];
    EXPECT_TRUE((token ? kind.Append(*token) : kind.AppendNull()).ok());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::float64()), arrow::field("b", arrow::float64()),
                     arrow::field("kind", arrow::utf8())}),
      1000, {a.Finish().ValueOrDie(), b.Finish().ValueOrDie(), kind.Finish().ValueOrDie()});
}

nlohmann::json AsJson(const data::Batch& rows) {
  nlohmann::json json;
  for (const char* name : {"a", "b"}) {
    const auto& column = static_cast<const arrow::DoubleArray&>(*rows->GetColumnByName(name));
    for (int64_t i = 0; i < column.length(); ++i)
      json[name].push_back(column.IsNull(i) ? nlohmann::json() : nlohmann::json(column.Value(i)));
  }
  const auto& column = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("kind"));
  for (int64_t i = 0; i < column.length(); ++i)
    json["kind"].push_back(column.IsNull(i) ? nlohmann::json() : nlohmann::json(column.GetString(i)));
  return json;
}

bool HasClient(const std::string& name) {
  return std::filesystem::exists(SourcePath(".deps/" + name + "/stamp"));
}

nlohmann::json RunClient(const std::string& name, const std::string& script, const std::string& arguments) {
  const std::string client = SourcePath(".deps/" + name);
  std::string python;
  std::ifstream interpreter(client + "/interpreter");
  std::getline(interpreter, python);
  const std::string command =
      fmt::format("PYTHONPATH={} {} {} {}", client, python, SourcePath("tests/parity/" + script), arguments);
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  for (size_t size = 0; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, size);
  EXPECT_EQ(pclose(pipe), 0) << output;
  nlohmann::json answers = nlohmann::json::parse(output, nullptr, false);
  EXPECT_FALSE(answers.is_discarded()) << output;
  return answers;
}

}  // namespace penstock::tests
