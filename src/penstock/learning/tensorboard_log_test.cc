#include "penstock/learning/tensorboard_log.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <penstock/tensorboard_event.pb.h>

#include "penstock/base/filesystem.h"

namespace penstock::learning {
namespace {

/// The events of the one file below `folder`, taken out of their TFRecord frames.
std::vector<tensorboard::Event> EventsIn(const std::string& folder) {
  std::vector<tensorboard::Event> events;
  const auto entries = fs::List(folder);
  EXPECT_TRUE(entries.ok() && entries->size() == 1) << entries.status();
  const std::string bytes = *fs::ReadFile((*entries)[0].path);
  for (size_t at = 0; at + 16 <= bytes.size();) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data() + at, sizeof(length));
    EXPECT_TRUE(events.emplace_back().ParseFromString(bytes.substr(at + 12, length)));
    at += 16 + length;
  }
  return events;
}

TEST(TensorBoardLogTest, WritesTheLossesOfBothSplitsAsScalars) {
  const std::string folder = testing::TempDir() + "tensorboard_log_test";
  std::filesystem::remove_all(folder);
  FakeClock clock({5'000'000});
  TensorBoardLog log(folder, clock);
  log.Add({1, 0.5, 0.625});
  log.Add({2, 0.25, 0.375});
  ASSERT_TRUE(log.Write().ok());
  const auto train = EventsIn(folder + "/train"), validation = EventsIn(folder + "/validation");
  ASSERT_EQ(train.size(), 3u);
  EXPECT_EQ(train[0].file_version(), "brain.Event:2");
  EXPECT_EQ(train[1].summary().value(0).tag(), "epoch_loss");
  EXPECT_EQ(train[2].step(), 2);
  EXPECT_EQ(train[2].summary().value(0).simple_value(), 0.25f);
  EXPECT_EQ(validation[2].summary().value(0).simple_value(), 0.375f);
  EXPECT_DOUBLE_EQ(train[1].wall_time(), 5);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penstock::learning
