#include "penstock/evaluation/vision/mask_image.h"

#include <csetjmp>
#include <cstring>
#include <string>

#include <png.h>

namespace penstock::evaluation {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr int64_t kMaxPixels = int64_t{1} << 26;

Result<std::string> FromBase64(std::string_view text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : text) {
    if (c == '=' || c == '\n' || c == '\r') continue;
    const size_t digit = kDigits.find(c == '-' ? '+' : c == '_' ? '/' : c);
    if (digit == std::string_view::npos)
      return InvalidArgument("the image is neither a PNG nor base64 of one");
    bits = bits << 6 | static_cast<uint32_t>(digit);
    num_bits += 6;
    if (num_bits < 8) continue;
    num_bits -= 8;
    bytes.push_back(static_cast<char>(bits >> num_bits & 0xFF));
  }
  return bytes;
}

// What libpng reads from and writes into; it leaves by longjmp, so nothing of it has a destructor.
struct Decoding {
  const uint8_t* bytes;
  size_t size, at;
  char error[160];
};

void ReadBytes(png_structp png, png_bytep into, png_size_t count) {
  auto& decoding = *static_cast<Decoding*>(png_get_io_ptr(png));
  if (count > decoding.size - decoding.at) png_error(png, "it ends too early");
  std::memcpy(into, decoding.bytes + decoding.at, count);
  decoding.at += count;
}

[[noreturn]] void KeepError(png_structp png, png_const_charp message) {
  auto& decoding = *static_cast<Decoding*>(png_get_error_ptr(png));
  std::strncpy(decoding.error, message, sizeof(decoding.error) - 1);
  png_longjmp(png, 1);
}
void IgnoreWarning(png_structp, png_const_charp) {}

struct Header {
  png_uint_32 width, height;
  int depth, color;
};

bool ReadHeader(png_structp png, png_infop info, Decoding& decoding, Header& header) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, &decoding, ReadBytes);
  png_set_user_limits(png, 1 << 20, 1 << 20);
  png_set_chunk_malloc_max(png, 1 << 24);
  png_read_info(png, info);
  png_get_IHDR(png, info, &header.width, &header.height, &header.depth, &header.color, nullptr, nullptr,
               nullptr);
  return true;
}

bool ReadPixels(png_structp png, png_infop info, const Header& header, uint8_t* pixels, png_bytep* rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  // Pillow stretches gray of 2 and 4 bits to 0..255, and leaves one bit as it is.
  if (header.color == PNG_COLOR_TYPE_GRAY && header.depth > 1) png_set_expand_gray_1_2_4_to_8(png);
  png_set_packing(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  for (png_uint_32 row = 0; row < header.height; ++row) rows[row] = pixels + size_t{row} * header.width;
  png_read_image(png, rows);
  png_read_end(png, nullptr);  // So that what is cut off after the pixels is told too.
  return true;
}

Status CheckHeader(const Header& header) {
  if (header.color != PNG_COLOR_TYPE_GRAY && header.color != PNG_COLOR_TYPE_PALETTE)
    return InvalidArgument("the image has colours; a mask has one channel, gray or with a palette");
  if (header.depth > 8)
    return InvalidArgument("the image has {} bits a pixel; a mask has 8 at most", header.depth);
  if (int64_t{header.width} * header.height > kMaxPixels)
    return InvalidArgument("the image of {} x {} pixels is too large", header.width, header.height);
  return OkStatus();
}

}  // namespace

Result<MaskImage> DecodeMask(std::string_view bytes) {
  std::string decoded;
  if (!bytes.starts_with(kSignature)) {
    PENSTOCK_ASSIGN_OR_RETURN(decoded, FromBase64(bytes));
    bytes = decoded;
    if (!bytes.starts_with(kSignature)) return InvalidArgument("the image is no PNG");
  }
  Decoding decoding{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), 0, {}};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoding, KeepError, IgnoreWarning);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  if (info == nullptr) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    return Internal("libpng cannot start");
  }
  Header header{};
  MaskImage image;
  Status status;
  if (!ReadHeader(png, info, decoding, header)) {
    status = InvalidArgument("the image cannot be read: {}", decoding.error);
  } else {
    status = CheckHeader(header);
  }
  if (status.ok()) {
    image.width = header.width;
    image.height = header.height;
    image.pixels.resize(static_cast<size_t>(image.width * image.height));
    std::vector<png_bytep> rows(header.height);
    if (!ReadPixels(png, info, header, image.pixels.data(), rows.data()))
      status = InvalidArgument("the image cannot be read: {}", decoding.error);
  }
  png_destroy_read_struct(&png, &info, nullptr);
  PENSTOCK_RETURN_IF_ERROR(status);
  return image;
}

}  // namespace penstock::evaluation
