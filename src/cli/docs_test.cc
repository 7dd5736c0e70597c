#include "cli/docs.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace lifeboat::cli {
namespace {

// LIFEBOAT_UPDATE_GOLDEN=1 writes the page anew.
TEST(Docs, AreWhatTheFlagTablesSay) {
  const std::string path = std::string(LIFEBOAT_SOURCE_DIR) + "/docs/CONFIGURATION.md";
  std::ostringstream page;
  print_configuration_page(page);
  if (std::getenv("LIFEBOAT_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << page.str();
  std::ostringstream file;
  file << std::ifstream(path).rdbuf();
  EXPECT_EQ(file.str(), page.str())
      << "run: lifeboat help --configuration-md > docs/CONFIGURATION.md";
}

}  // namespace
}  // namespace lifeboat::cli
