#include "penstock/apps/statistics_html.h"

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/pages/page.h"
#include "penstock/pages/statistics_page.h"

namespace penstock::apps {

namespace tfmd = tensorflow::metadata::v0;

Status WriteStatisticsPage(const std::string& html,
                           const std::vector<std::pair<std::string, std::string>>& files,
                           const tfmd::Anomalies* anomalies, bool starts_with_anomalies) {
  std::vector<tfmd::DatasetFeatureStatisticsList> lists(files.size());
  std::vector<pages::NamedStatistics> named;
  std::string title = starts_with_anomalies ? "Anomalies: " : "Statistics: ";
  for (size_t i = 0; i < files.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(ReadProto(files[i].second, lists[i]));
    named.push_back({files[i].first, &lists[i]});
    title += (i == 0 ? "" : ", ") + files[i].first;
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto data,
                            pages::StatisticsPageData(named, anomalies, starts_with_anomalies));
  return pages::WritePage(html, title, data);
}

}  // namespace penstock::apps
