#include "penstock/server/trace_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/server/http_server.h"

namespace penstock::server {
namespace {

using nlohmann::json;

runtime::RunSnapshot OneRun() {
  runtime::RunSnapshot run{.run_id = "r", .pipeline_name = "taxi"};
  runtime::TaskSnapshot root{.task_id = "r-0",
                             .name = "taxi",
                             .kind = runtime::TaskKind::kRoot,
                             .state = runtime::RuntimeState::kFailed,
                             .created = Timestamp{1'000'000},
                             .ended = Timestamp{5'000'000}};
  runtime::TaskSnapshot task{.index = 1,
                             .task_id = "r-1",
                             .path = "Trainer",
                             .name = "Trainer",
                             .component = "Trainer",
                             .parent_index = 0,
                             .state = runtime::RuntimeState::kFailed,
                             .created = Timestamp{1'500'000},
                             .started = Timestamp{2'000'000},
                             .ended = Timestamp{4'000'000},
                             .error = InvalidArgument("no such column"),
                             .num_attempts = 2};
  run.tasks = {root, task};
  return run;
}

TEST(TraceExporterTest, MakesASpanOfEachTaskBelowItsDag) {
  const json spans = TraceOf(OneRun())["resourceSpans"][0]["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0]["name"], "taxi");
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_EQ(spans[1]["parentSpanId"], spans[0]["spanId"]);
  EXPECT_EQ(spans[1]["traceId"], spans[0]["traceId"]);
  EXPECT_EQ(spans[1]["traceId"].get<std::string>().size(), 32U);
  EXPECT_EQ(spans[1]["spanId"].get<std::string>().size(), 16U);
  EXPECT_EQ(spans[1]["startTimeUnixNano"], "2000000000");
  EXPECT_EQ(spans[1]["endTimeUnixNano"], "4000000000");
  EXPECT_EQ(spans[1]["status"]["code"], 2);
  EXPECT_EQ(spans[1]["status"]["message"], "no such column");
}

TEST(TraceExporterTest, SendsARunToACollectorAndTriesAgain) {
  std::mutex mutex;
  std::vector<std::string> bodies;
  std::condition_variable arrived;
  const auto collector = HttpServer::Start({}, [&](const HttpRequest& request) {
    const std::lock_guard lock(mutex);
    bodies.push_back(request.path + " " + request.Header("content-type") + " " + request.body);
    arrived.notify_all();
    return HttpResponse{.status = bodies.size() == 1 ? 503 : 200};
  });
  ASSERT_TRUE(collector.ok()) << collector.status();
  TraceExporter exporter(fmt::format("http://127.0.0.1:{}/v1/traces", (*collector)->port()),
                         [](const std::string&) { return OneRun(); });
  exporter.Export("r");
  std::unique_lock lock(mutex);
  ASSERT_TRUE(arrived.wait_for(lock, std::chrono::seconds(30), [&] { return bodies.size() == 2; }));
  EXPECT_EQ(bodies[0], bodies[1]);
  EXPECT_THAT(bodies[0], testing::StartsWith("/v1/traces application/json {\"resourceSpans\""));
}

}  // namespace
}  // namespace penstock::server
