#include "penstock/base/status.h"

#include <cerrno>

#include <arrow/util/io_util.h>
#include <gtest/gtest.h>

#include "penstock/base/arrow_status.h"

namespace penstock {
namespace {

TEST(StatusTest, MakersCarryTheCodeAndTheFormattedText) {
  const Status status = NotFound("There is no column {} in {}", "fare", 3);
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "There is no column fare in 3");
}

TEST(StatusTest, AnnotateKeepsTheCodeAndPutsTheContextFirst) {
  const Status status = Annotate(DataLoss("a checksum is wrong"), "data.tfrecord");
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_EQ(status.message(), "data.tfrecord: a checksum is wrong");
  EXPECT_TRUE(Annotate(OkStatus(), "data.tfrecord").ok());
}

TEST(StatusTest, TellsTheUsersFaultsFromOurOwn) {
  for (const Status& status : {InvalidArgument("x"), NotFound("x"), AlreadyExists("x"), DataLoss("x"),
                               OutOfRange("x"), PermissionDenied("x"), ResourceExhausted("x")})
    EXPECT_TRUE(IsBadInput(status)) << status;
  for (const Status& status :
       {OkStatus(), Internal("x"), Unavailable("x"), Cancelled("x"), DeadlineExceeded("x"), Aborted("x"),
        FailedPrecondition("x"), Unimplemented("x")})
    EXPECT_FALSE(IsBadInput(status)) << status;
}

Result<int> Half(int number) {
  if (number % 2 != 0) return InvalidArgument("{} is odd", number);
  return number / 2;
}

Result<int> Quarter(int number) {
  PENSTOCK_ASSIGN_OR_RETURN(const int half, Half(number));
  PENSTOCK_RETURN_IF_ERROR(Half(half).status());
  return half / 2;
}

TEST(StatusTest, MacrosHandTheFirstErrorOn) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(3).status().message(), "3 is odd");
  EXPECT_EQ(Quarter(6).status().message(), "3 is odd");
}

StatusCode CodeOfErrno(int error) { return FromArrow(arrow::internal::IOErrorFromErrno(error, "x")).code(); }

TEST(ArrowStatusTest, MapsWhatTheSystemSaid) {
  EXPECT_EQ(CodeOfErrno(ENOENT), StatusCode::kNotFound);
  EXPECT_EQ(CodeOfErrno(EACCES), StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOfErrno(ENOSPC), StatusCode::kResourceExhausted);
  EXPECT_EQ(CodeOfErrno(EIO), StatusCode::kUnavailable);
}

TEST(ArrowStatusTest, CallsPathsThatCannotBeTheUsersFault) {
  EXPECT_EQ(CodeOfErrno(ENOTDIR), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfErrno(EISDIR), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfErrno(ENAMETOOLONG), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfErrno(ELOOP), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOfErrno(ENOTEMPTY), StatusCode::kAlreadyExists);
  EXPECT_EQ(CodeOfErrno(EEXIST), StatusCode::kAlreadyExists);
}

TEST(ArrowStatusTest, MapsArrowsOwnCodes) {
  EXPECT_TRUE(FromArrow(arrow::Status::OK()).ok());
  EXPECT_EQ(FromArrow(arrow::Status::Invalid("bad")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FromArrow(arrow::Status::Invalid("bad")).message(), "bad");
  EXPECT_EQ(FromArrow(arrow::Status::KeyError("x")).code(), StatusCode::kNotFound);
  EXPECT_EQ(FromArrow(arrow::Status::OutOfMemory("x")).code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(FromArrow(arrow::Status::Cancelled("x")).code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace penstock
