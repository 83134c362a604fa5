#include "penstock/base/resident_pages.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock {
namespace {

constexpr size_t kSize = 1 << 16;

class ResidentPagesTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string path = fs::Join(testing::TempDir(), "pages_" + NewUuid());
    ASSERT_TRUE(fs::WriteFileAtomically(path, std::string(kSize, 'a')).ok());
    const int fd = ::open(path.c_str(), O_RDONLY);
    ASSERT_GE(fd, 0);
    pages_ = static_cast<char*>(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    ::close(fd);
    ASSERT_NE(pages_, MAP_FAILED);
  }
  void TearDown() override { ::munmap(pages_, kSize); }

  char* pages_ = nullptr;
};

TEST_F(ResidentPagesTest, KeepsWhatThisProcessChangedAndProtectedSince) {
  pages_[5000] = 'b';
  ASSERT_EQ(::mprotect(pages_, kSize, PROT_READ), 0);
  EXPECT_GT(ReleaseStartupPages(), 0);  // At least of the C library.
  EXPECT_EQ(pages_[5000], 'b');
  EXPECT_EQ(pages_[4999], 'a');
}

TEST_F(ResidentPagesTest, CleanPagesComeBackAsTheyAre) {
  ASSERT_EQ(::mprotect(pages_, kSize, PROT_READ), 0);
  std::string before(pages_, kSize);
  EXPECT_GT(ReleaseStartupPages(), 0);
  EXPECT_EQ(std::string(pages_, kSize), before);
}

}  // namespace
}  // namespace penstock
