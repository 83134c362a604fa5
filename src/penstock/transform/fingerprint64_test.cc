#include "penstock/transform/fingerprint64.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace penstock::transform {
namespace {

// Computed with the pyfarmhash package, at both ends of every length class.
TEST(Fingerprint64Test, EqualsFarmHashAtEveryLengthClass) {
  const std::string alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  while (text.size() < 1000) text += alphabet;
  const std::pair<size_t, uint64_t> expected[] = {
      {0, 11160318154034397263u},   {1, 12917804110809363939u},  {3, 2640714258260161385u},
      {4, 1897425971756105985u},    {7, 4341691227789030229u},   {8, 18368443631171807497u},
      {15, 7529451393577069597u},   {16, 6080716761534418621u},  {17, 11394395984755135400u},
      {31, 496390783753762012u},    {32, 934449955909727258u},   {33, 17626719820827885067u},
      {47, 17078459036106107762u},  {63, 10416640081920810648u}, {64, 3646545258579766308u},
      {65, 13112763581500850699u},  {127, 8659390928490630228u}, {128, 2056131915184924913u},
      {129, 13911000258917250518u}, {200, 3225094344678046759u}, {1000, 8428977225124000562u}};
  for (const auto& [length, fingerprint] : expected) {
    EXPECT_EQ(Fingerprint64(std::string_view(text).substr(0, length)), fingerprint) << length;
  }
}

TEST(Fingerprint64Test, TreatsBytesAboveAsciiAsUnsigned) {
  // TFT's hash_strings of these with 2^63 - 1 buckets (conformance case 109).
  EXPECT_EQ(Fingerprint64("été") % 9223372036854775807u, 4309181583525144727u);
  EXPECT_EQ(Fingerprint64("日本語") % 9223372036854775807u, 6457860189211899976u);
}

}  // namespace
}  // namespace penstock::transform
