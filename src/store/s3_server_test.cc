// The store in a bucket behind real HTTP: the stand-in server of the end-to-end tests, which checks
// signatures with code of its own.
#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "http/client.h"
#include "os/process.h"
#include "store/s3_store.h"
#include "testing/error_of.h"
#include "testing/fake_s3.h"
#include "testing/store_contract.h"
#include "testing/temp_folder.h"

namespace lifeboat::testing {

using base::Code;
using std::chrono::milliseconds;

// A server that others wrote, where scripts/setup has installed it.
constexpr const char* kS3rver =
    LIFEBOAT_SOURCE_DIR "/build/s3rver/node_modules/s3rver/bin/s3rver.js";

class S3rverProcess {
 public:
  S3rverProcess() {
    const std::string node = programs_.find("node", "/usr/local/bin:/usr/bin").value_or("node");
    process_ =
        programs_.start({.path = node,
                         .arguments = {kS3rver, "--directory", folder_.path("data"), "--address",
                                       "127.0.0.1", "--port", "0", "--configure-bucket", "bucket"},
                         .output_path = folder_.path("output")});
    for (int i = 0; i < 3000 && port().empty(); ++i) {
      if (process_->wait(milliseconds(10), {})) break;
    }
  }

  // It says "S3rver listening on 127.0.0.1:40625".
  std::string port() const {
    std::ifstream file(folder_.path("output"));
    for (std::string word; file >> word;) {
      if (word.starts_with("127.0.0.1:")) return word.substr(word.find(':') + 1);
    }
    return "";
  }

 private:
  const TempFolder folder_;
  os::PosixPrograms programs_;
  std::unique_ptr<os::Process> process_;
};

// One process for all tests, which takes seconds to start; each test has a prefix of its own.
class S3rver : public StoreFixture {
 public:
  S3rver() : store_(second_view()) {}

  store::Store& store() override { return *store_; }
  std::unique_ptr<store::Store> second_view() override {
    return std::make_unique<store::S3Store>(
        options_, credentials_, clock_,
        [](const http::Url& url) { return http::make_client({.url = url}); });
  }
  bool finds_folders_of_folders() const override { return false; }

 private:
  static S3rverProcess& process() {
    static S3rverProcess running;
    return running;
  }

  static store::S3Options next_options() {
    static int count = 0;
    return {.location = {"bucket", base::cat("vault-", ++count)},
            .endpoint = "http://127.0.0.1:" + process().port(),
            .part_bytes = 5 * 1024 * 1024,
            .lease_settle = milliseconds(10)};
  }

  const store::S3Options options_ = next_options();
  FixedCredentials credentials_{{"S3RVER", "S3RVER"}};
  os::SystemClock clock_;
  std::unique_ptr<store::Store> store_;
};

class RunningServer {
 public:
  explicit RunningServer(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(),
                     {LIFEBOAT_SOURCE_DIR "/tests/e2e/s3_server.py", folder_.path("port")});
    process_ = programs_.start({.path = "/usr/bin/python3",
                                .arguments = arguments,
                                .environment = {"PYTHONDONTWRITEBYTECODE=1"},
                                .output_path = folder_.path("output")});
    for (int i = 0; i < 1000 && port().empty(); ++i) {
      if (process_->wait(milliseconds(10), {})) break;
    }
  }

  std::unique_ptr<store::S3Store> open() {
    const store::S3Options options = {.location = {"bucket", "vault"},
                                      .endpoint = "http://127.0.0.1:" + port(),
                                      // Every other request may fail, and with two threads nothing
                                      // keeps the faults from one of them.
                                      .retry = {.attempts_max = 24,
                                                .first_delay = milliseconds(5),
                                                .delay_max = milliseconds(50)},
                                      .part_bytes = 5 * 1024 * 1024,
                                      .lease_settle = milliseconds(10)};
    return std::make_unique<store::S3Store>(
        options, credentials_, clock_, [](const http::Url& url) {
          return http::make_client({.url = url, .response_timeout = milliseconds(1000)});
        });
  }

 private:
  std::string port() {
    std::string text;
    std::ifstream(folder_.path("port")) >> text;
    return text;
  }

  const TempFolder folder_;
  os::PosixPrograms programs_;
  std::unique_ptr<os::Process> process_;
  FixedCredentials credentials_;
  os::SystemClock clock_;
};

class ServerFixture : public StoreFixture {
 public:
  explicit ServerFixture(std::vector<std::string> arguments) : server_(std::move(arguments)) {}
  store::Store& store() override { return *store_; }
  std::unique_ptr<store::Store> second_view() override { return server_.open(); }

 private:
  RunningServer server_;
  const std::unique_ptr<store::S3Store> store_ = server_.open();
};

std::unique_ptr<StoreFixture> make_plain() {
  return std::make_unique<ServerFixture>(std::vector<std::string>{"--page", "2"});
}

std::unique_ptr<StoreFixture> make_faulty() {
  return std::make_unique<ServerFixture>(
      std::vector<std::string>{"--fault", "500:7", "--fault", "slow_down:11", "--fault", "cut:5",
                               "--fault", "lost:13", "--fault", "truncate:9"});
}

std::vector<StoreFixtureFactory> s3rver_if_it_is_there() {
  if (!std::ifstream(kS3rver)) return {};
  return {[]() -> std::unique_ptr<StoreFixture> { return std::make_unique<S3rver>(); }};
}

INSTANTIATE_TEST_SUITE_P(S3rver, StoreContract, ::testing::ValuesIn(s3rver_if_it_is_there()));
INSTANTIATE_TEST_SUITE_P(S3OverHttp, StoreContract, ::testing::Values(&make_plain));
INSTANTIATE_TEST_SUITE_P(S3OverFaultyHttp, StoreContract, ::testing::Values(&make_faulty));

namespace {

std::string content_of(std::size_t size) {
  std::string content(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : content) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return content;
}

TEST(S3OverHttp, CarriesPartsThroughAServerThatFailsNowAndThen) {
  RunningServer server(
      {"--fault", "cut:4", "--fault", "lost:5", "--fault", "truncate:3", "--fault", "stall:9"});
  const auto store = server.open();
  const std::string content = content_of(23'000'000);
  store::put_text(*store, "a/blob", content);
  EXPECT_TRUE(store::get_text(*store, "a/blob", content.size()) == content);
}

TEST(S3OverHttp, NoticesAServerThatForgetsOrChangesWhatItGot) {
  for (const std::string fault : {"forget:1", "checksum:1"}) {
    RunningServer server({"--fault", fault});
    for (const std::size_t size : {10U, 6'000'000U}) {
      const auto store = server.open();
      EXPECT_EQ(error_of([&] { store::put_text(*store, "b", content_of(size)); }).code(),
                Code::kCorrupt)
          << fault;
    }
  }
}

}  // namespace
}  // namespace lifeboat::testing
