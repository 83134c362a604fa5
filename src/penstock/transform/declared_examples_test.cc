#include "penstock/transform/declared_examples.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"

namespace penstock::transform {
namespace {

class DeclaredExamplesTest : public testing::Test {
 protected:
  DeclaredExamplesTest() {
    const Status parsed = ParseTextProto(
        "feature { name: 'x' type: INT shape {} }"
        "feature { name: 'words' type: BYTES value_count { min: 0 max: 9 } }",
        "schema", schema_);
    EXPECT_TRUE(parsed.ok()) << parsed;
    options_.schema = &schema_;
  }
  ~DeclaredExamplesTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& content) {
    const std::string path = folder_ + "/examples.jsonl";
    EXPECT_TRUE(fs::WriteFileAtomically(path, content).ok());
    return path;
  }

  const std::string folder_ =
      testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name();
  tensorflow::metadata::v0::Schema schema_;
  data::DatasetOptions options_;
};

TEST_F(DeclaredExamplesTest, HaveColumnsThatNoExampleHas) {
  const std::vector<std::string> patterns = {Write("{\"x\": 1}\n{\"x\": 2}\n")};
  const auto dataset = OpenDeclaredExamples(patterns, options_, {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->schema()->GetFieldByName("words")->type()->id(), arrow::Type::LIST);
  const auto batch = data::ReadSequentially(**dataset)->Next();
  ASSERT_TRUE(batch.ok() && batch->has_value());
  EXPECT_EQ((**batch)->num_rows(), 2);
  EXPECT_EQ((**batch)->GetColumnByName("words")->null_count(), 2);
}

TEST_F(DeclaredExamplesTest, MayBeNone) {
  const std::vector<std::string> patterns = {Write("")};
  const auto dataset = OpenDeclaredExamples(patterns, options_, {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->schema()->num_fields(), 2);
  EXPECT_FALSE(data::ReadSequentially(**dataset)->Next()->has_value());
}

}  // namespace
}  // namespace penstock::transform
