#include "store/s3_lease.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <latch>
#include <thread>

#include "store/s3_store.h"
#include "testing/error_of.h"
#include "testing/fake_s3.h"

namespace lifeboat::testing {
namespace {

using base::Code;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

class S3LeaseTest : public ::testing::Test {
 protected:
  // Where conditions count for nothing, a claim is looked at again after `settle`: longer than a
  // rival may be held up between looking and writing.
  std::unique_ptr<store::S3Store> open(milliseconds duration,
                                       milliseconds settle = milliseconds(20)) {
    return std::make_unique<store::S3Store>(
        store::S3Options{.location = {"bucket"},
                         .endpoint = "http://127.0.0.1:9000",
                         .retry = {.attempts_max = 2, .first_delay = milliseconds(1)},
                         .owner = "node-1",
                         .lease_duration = duration,
                         .lease_settle = settle},
        credentials_, server_.clock, [this](const http::Url&) { return server_.connect(); });
  }

  std::size_t count(const std::string& line) {
    const std::lock_guard lock(server_.mutex);
    return static_cast<std::size_t>(std::ranges::count(server_.log, line));
  }

  // Waits until `done`, for ten seconds at most.
  static bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < 2000 && !done(); ++i) std::this_thread::sleep_for(milliseconds(5));
    return done();
  }

  FakeS3 server_;
  FixedCredentials credentials_;
};

TEST_F(S3LeaseTest, NamesTheHolderAndGoesWhenItIsReleased) {
  const auto store = open(milliseconds(60'000));
  auto lock = store->lock("prod/.lock");
  const base::Error error = error_of([&] { open(milliseconds(1000))->lock("prod/.lock"); });
  EXPECT_EQ(error.code(), Code::kBusy);
  EXPECT_THAT(error.what(), HasSubstr("s3://bucket/prod/.lock: node-1 holds it"));
  EXPECT_THAT(error.hint(), HasSubstr("within 1m"));
  lock.reset();
  EXPECT_FALSE(server_.blobs.contains("prod/.lock"));
}

TEST_F(S3LeaseTest, OfADeadOwnerRunsOutByTheServersClock) {
  server_.blobs[".lock"] = {.content = R"({"owner":"dead","mark":"m","duration_ms":60000})",
                            .etag = "\"1\"",
                            .headers = {},
                            .written = server_.clock.now()};
  const auto store = open(milliseconds(60'000));
  server_.clock.advance(milliseconds(60'000));
  EXPECT_EQ(error_of([&] { store->lock(".lock"); }).code(), Code::kBusy);
  server_.clock.advance(milliseconds(1'000));
  EXPECT_NE(store->lock(".lock"), nullptr);
}

TEST_F(S3LeaseTest, WhatCanNotBeReadIsSomebodysToo) {
  server_.blobs[".lock"] = {
      .content = "{", .etag = "\"1\"", .headers = {}, .written = server_.clock.now()};
  EXPECT_EQ(error_of([&] { open(milliseconds(60'000))->lock(".lock"); }).code(), Code::kBusy);
}

// Renewed every third of it: seen to live longer than it says, and to bear with a slow machine.
constexpr milliseconds kRenewed{1'500};

TEST_F(S3LeaseTest, IsRenewed) {
  const auto store = open(kRenewed);
  const auto lock = store->lock(".lock");
  const std::size_t before = count("PUT .lock");
  EXPECT_TRUE(eventually([&] { return count("PUT .lock") >= before + 4; }));
  EXPECT_NO_THROW(store::put_text(*store, "b", ""));
}

TEST_F(S3LeaseTest, IsRenewedAndTakenOverWhereNoETagIsTheRightOne) {
  server_.is_ceph = true;
  server_.blobs[".lock"] = {.content = R"({"owner":"dead","mark":"m","duration_ms":300})",
                            .etag = "\"1\"",
                            .headers = {},
                            .written = server_.clock.now()};
  server_.clock.advance(milliseconds(1'000));
  const auto store = open(kRenewed);
  const auto lock = store->lock(".lock");
  const std::size_t before = count("PUT .lock");
  EXPECT_TRUE(eventually([&] { return count("PUT .lock") >= before + 4; }));
  EXPECT_NO_THROW(store::put_text(*store, "b", ""));
  EXPECT_EQ(error_of([&] { open(kRenewed)->lock(".lock"); }).code(), Code::kBusy);
}

TEST_F(S3LeaseTest, ThatSomebodyElseTookStopsAllWriting) {
  const auto store = open(milliseconds(300));
  auto lock = store->lock(".lock");
  {
    const std::lock_guard guard(server_.mutex);
    server_.blobs[".lock"].content = R"({"owner":"rival","mark":"other","duration_ms":60000})";
  }
  const auto lost = [&] {
    try {
      store->remove("b");
      return false;
    } catch (const base::Error& error) {
      return error.code() == Code::kBusy;
    }
  };
  EXPECT_TRUE(eventually(lost));
  EXPECT_EQ(error_of([&] { store->put("b"); }).code(), Code::kBusy);
  lock.reset();
  EXPECT_TRUE(server_.blobs.contains(".lock")) << "it is the rival's";
}

TEST_F(S3LeaseTest, OfASuccessorIsNotRemovedWithOnesOwn) {
  const auto store = open(milliseconds(60'000));
  auto lock = store->lock(".lock");
  {
    const std::lock_guard guard(server_.mutex);
    server_.before = [this](const FakeS3::Seen& seen) -> std::optional<http::Response> {
      if (seen.method == "DELETE") server_.blobs[seen.key].etag = "\"the successor's\"";
      return std::nullopt;
    };
  }
  lock.reset();
  EXPECT_TRUE(server_.blobs.contains(".lock"));
}

TEST_F(S3LeaseTest, GoesAlsoWhereTheServerTakesNoConditionsForRemovals) {
  for (const bool is_ceph : {false, true}) {
    server_.is_ceph = is_ceph;
    server_.honours_conditions = is_ceph;
    const auto store = open(milliseconds(60'000));
    store->lock(".lock").reset();
    EXPECT_FALSE(server_.blobs.contains(".lock")) << is_ceph;
  }
  server_.before = [](const FakeS3::Seen& seen) -> std::optional<http::Response> {
    const auto is_match = [](const auto& header) { return header.first == "If-Match"; };
    const bool has_condition = std::ranges::any_of(seen.request->headers, is_match);
    if (seen.method == "DELETE" && has_condition) return s3_refusal(501, "NotImplemented");
    return std::nullopt;
  };
  const auto store = open(milliseconds(60'000));
  store->lock(".lock").reset();
  EXPECT_FALSE(server_.blobs.contains(".lock"));
}

TEST_F(S3LeaseTest, IsGivenBackByARunThatIsStoppedWhileItSettles) {
  server_.honours_conditions = false;
  std::stop_source stop;
  store::S3Store store({.location = {"bucket"},
                        .endpoint = "http://127.0.0.1:9000",
                        .owner = "node-1",
                        .lease_settle = milliseconds(60'000),
                        .stop = stop.get_token()},
                       credentials_, server_.clock,
                       [this](const http::Url&) { return server_.connect(); });
  const std::jthread stopper([&] {
    EXPECT_TRUE(eventually([&] { return count("PUT .lock") >= 2; }));
    stop.request_stop();
  });
  EXPECT_EQ(error_of([&] { store.lock(".lock"); }).code(), Code::kCancelled);
  EXPECT_FALSE(server_.blobs.contains(".lock"));
}

TEST_F(S3LeaseTest, ThatCanNotBeRenewedStopsAllWritingInTime) {
  const auto store = open(milliseconds(300));
  const auto lock = store->lock(".lock");
  const auto sink = store->put("b");
  {
    const std::lock_guard guard(server_.mutex);
    server_.before = [](const FakeS3::Seen& seen) -> std::optional<http::Response> {
      if (seen.key == ".lock") return s3_refusal(503, "SlowDown");
      return std::nullopt;
    };
  }
  std::this_thread::sleep_for(milliseconds(350));
  EXPECT_EQ(error_of([&] { sink->finish(); }).code(), Code::kBusy);
  EXPECT_FALSE(server_.blobs.contains("b"));
}

TEST_F(S3LeaseTest, GoesToOneOfManyWhoWantIt) {
  for (const bool honours : {true, false}) {
    server_.honours_conditions = honours;
    std::vector<std::unique_ptr<store::S3Store>> stores;
    for (int i = 0; i < 8; ++i) stores.push_back(open(milliseconds(60'000), milliseconds(500)));
    std::latch start(8);
    std::vector<std::unique_ptr<store::StoreLock>> locks(8);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
          start.arrive_and_wait();
          try {
            locks[i] = stores[i]->lock(".lock");
          } catch (const base::Error& error) {
            EXPECT_EQ(error.code(), Code::kBusy) << error.what();
          }
        });
      }
    }
    EXPECT_EQ(std::ranges::count_if(locks, [](const auto& lock) { return !lock; }), 7)
        << "conditions: " << honours;
  }
}

TEST(HttpDate, IsReadExactly) {
  EXPECT_EQ(store::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            std::chrono::sys_seconds(std::chrono::seconds(784111777)));
  for (const std::string text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:61:37 GMT",
        "Sun  06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT "}) {
    EXPECT_EQ(store::parse_http_date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace lifeboat::testing
