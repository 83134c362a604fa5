// fuzz-libraries: penstock_server
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "penstock/server/http_message.h"
#include "penstock/server/json_message.h"
#include "penstock/server/list_request.h"
#include "penstock/server/pipeline_text.h"

/// What comes from outside is understood or refused: filters, list requests, bodies, forms, archives. The
/// first byte chooses.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock::server;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      (void)ParseFilter(text);
      break;
    case 1: {
      HttpRequest request;
      if (auto query = ParseQuery(text); query.ok()) request.query = *std::move(query);
      const auto list = ParseListRequest(request);
      if (list.ok() && (list->limit < 1 || list->limit > 200)) std::abort();
      break;
    }
    case 2:
      (void)ParseBody(text);
      break;
    case 3:
      (void)ReadUploadedFile(text, "multipart/form-data; boundary=x", "uploadfile");
      break;
    default:
      for (const char* name : {"a.zip", "a.tar.gz"})
        if (const auto plain = UnpackPipelineFile(text, name); plain.ok() && plain->size() > (33u << 20))
          std::abort();
  }
  return 0;
}
