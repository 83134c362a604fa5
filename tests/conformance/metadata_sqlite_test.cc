#include "conformance/metadata_store_suite.h"
#include "penstock/metadata/database/database_store.h"

namespace penstock::metadata {

INSTANTIATE_TEST_SUITE_P(Sqlite, MetadataStoreSuite,
                         testing::Values(StoreFactory{"Sqlite",
                                                      [](const std::string& folder, const Clock& clock) {
                                                        return OpenStore(folder + "/metadata.sqlite", clock);
                                                      }}),
                         NameOfFactory);

}  // namespace penstock::metadata
