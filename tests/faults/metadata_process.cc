#include "faults/metadata_process.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::metadata {

pid_t StartChild(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  EXPECT_GT(child, 0);
  return child;
}

int WaitForChild(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

std::string NewFolder() {
  // Not below TempDir(), which other users may not be able to enter.
  std::string folder = "/tmp/penstock-faults-" + NewUuid();
  EXPECT_TRUE(fs::CreateDirectories(folder).ok());
  EXPECT_EQ(chmod(folder.c_str(), 0755), 0);
  return folder;
}

std::string IntegrityOf(const std::string& path) {
  sqlite3* database = nullptr;
  std::string answer;
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    const auto append = [](void* into, int num_columns, char** columns, char**) {
      if (num_columns > 0 && columns[0] != nullptr) static_cast<std::string*>(into)->append(columns[0]);
      return 0;
    };
    if (sqlite3_exec(database, "PRAGMA integrity_check", append, &answer, nullptr) != SQLITE_OK) {
      answer = sqlite3_errmsg(database);
    }
  }
  sqlite3_close(database);
  return answer;
}

}  // namespace penstock::metadata
