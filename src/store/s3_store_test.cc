#include "store/s3_store.h"

#include <gmock/gmock.h>

#include <set>

#include "base/text.h"
#include "store/s3_read.h"
#include "testing/error_of.h"
#include "testing/fake_s3.h"
#include "testing/store_contract.h"

namespace lifeboat::testing {

using base::Code;
using std::chrono::milliseconds;
using store::S3Options;
using store::S3Store;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

S3Options small_options() {
  return {.location = {"bucket", "etcd/prod x"},
          .endpoint = "http://127.0.0.1:9000",
          .retry = {.attempts_max = 4, .first_delay = milliseconds(1)},
          .part_bytes = 100'000,
          .read_bytes = 300'000,
          .owner = "node-1",
          .lease_duration = milliseconds(60'000),
          .lease_settle = milliseconds(1)};
}

// A fake bucket and a store in it.
class Bucket {
 public:
  explicit Bucket(S3Options options = small_options()) : options_(std::move(options)) {}

  std::unique_ptr<S3Store> open() { return open(options_); }
  std::unique_ptr<S3Store> open(const S3Options& options) {
    return std::make_unique<S3Store>(options, credentials_, server.clock,
                                     [this](const http::Url&) { return server.connect(); });
  }

  FakeS3 server;

 private:
  const S3Options options_;
  FixedCredentials credentials_;
};

class S3Fixture : public StoreFixture {
 public:
  store::Store& store() override { return *store_; }
  std::unique_ptr<store::Store> second_view() override { return bucket_.open(); }

 protected:
  Bucket bucket_;

 private:
  const std::unique_ptr<S3Store> store_ = bucket_.open();
};

class SmallPagesFixture : public S3Fixture {
 public:
  SmallPagesFixture() { bucket_.server.page_size = 2; }
};

class UnconditionalFixture : public S3Fixture {
 public:
  UnconditionalFixture() { bucket_.server.honours_conditions = false; }
};

// Every third request fails, in one way after the other, some of them after they were done; but
// none twice: with requests of several threads in between, one could be the third again and again.
class FaultyFixture : public S3Fixture {
 public:
  FaultyFixture() {
    bucket_.server.before = [this](const FakeS3::Seen& seen) {
      fault_ = failed_.erase(name_of(seen)) > 0 ? 0 : ++count_ % 12;
      if (fault_ == 3 || fault_ == 6 || fault_ == 9) failed_.insert(name_of(seen));
      return answer();
    };
    bucket_.server.after = [this](const FakeS3::Seen& seen, http::Response&) {
      if (fault_ != 11) return;
      failed_.insert(name_of(seen));
      throw base::Error(Code::kUnavailable, "answer lost");
    };
  }

 private:
  static std::string name_of(const FakeS3::Seen& seen) {
    return seen.method + seen.request->target;
  }

  std::optional<http::Response> answer() const {
    if (fault_ == 3) return s3_refusal(503, "SlowDown");
    if (fault_ == 6) return http::Response{.status = 500, .body = "<html>"};
    if (fault_ == 9) throw base::Error(Code::kUnavailable, "connection reset");
    return std::nullopt;
  }

  int count_ = 0;
  int fault_ = 0;  // of the request at hand
  std::set<std::string> failed_;
};

template <typename Fixture>
std::unique_ptr<StoreFixture> make_fixture() {
  return std::make_unique<Fixture>();
}

INSTANTIATE_TEST_SUITE_P(S3Store, StoreContract, ::testing::Values(&make_fixture<S3Fixture>));
INSTANTIATE_TEST_SUITE_P(S3StoreInPagesOfTwo, StoreContract,
                         ::testing::Values(&make_fixture<SmallPagesFixture>));
INSTANTIATE_TEST_SUITE_P(S3StoreWithoutConditions, StoreContract,
                         ::testing::Values(&make_fixture<UnconditionalFixture>));
INSTANTIATE_TEST_SUITE_P(S3StoreWithFaults, StoreContract,
                         ::testing::Values(&make_fixture<FaultyFixture>));

namespace {

std::string text_of(store::Store& store, const std::string& name) {
  return store::get_text(store, name, 10'000'000);
}

int count_of(const FakeS3& server, std::string_view line) {
  return static_cast<int>(std::ranges::count(server.log, line));
}

TEST(S3Store, SaysWhereItIs) {
  Bucket bucket;
  EXPECT_EQ(bucket.open()->location(), "s3://bucket/etcd/prod x");
  store::put_text(*bucket.open(), "a/b", "");
  EXPECT_TRUE(bucket.server.blobs.contains("etcd/prod x/a/b"));
}

TEST(S3Store, SaysThatThereIsNoSuchBucket) {
  Bucket bucket;
  S3Options options = small_options();
  options.location.bucket = "other";
  const base::Error error = error_of([&] { bucket.open(options)->check(); });
  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_THAT(error.what(), HasSubstr("GET s3://other: the server answers 404 NoSuchBucket"));
}

TEST(S3Store, RefusesAndHidesDots) {
  Bucket bucket;
  const auto store = bucket.open();
  bucket.server.blobs["etcd/prod x/.hidden"];
  bucket.server.blobs["etcd/prod x/a/.hidden"];
  bucket.server.blobs["etcd/prod x/folder/"];  // what consoles make
  EXPECT_EQ(error_of([&] { store->put("a/.b"); }).code(), Code::kInvalid);
  EXPECT_THAT(store->list("").blobs, IsEmpty());
  EXPECT_THAT(store->list("").folders, ElementsAre("a", "folder"));
  EXPECT_THAT(store->list("a").blobs, IsEmpty());
  EXPECT_THAT(store->list("folder").blobs, IsEmpty());
}

TEST(S3Store, ListsMoreThanAThousandKeys) {
  Bucket bucket;
  for (int i = 0; i < 2500; ++i) bucket.server.blobs[base::cat("etcd/prod x/many/", 10'000 + i)];
  const auto store = bucket.open();
  EXPECT_EQ(store->list("many").blobs.size(), 2500U);
  store->remove_folder("many");
  EXPECT_THAT(bucket.server.blobs, IsEmpty());
}

TEST(S3Store, EndsAListingThatNeverEnds) {
  Bucket bucket;
  bucket.server.before = [](const FakeS3::Seen&) {
    return http::Response{.status = 200,
                          .body =
                              "<R><IsTruncated>true</IsTruncated><NextContinuationToken>t"
                              "</NextContinuationToken></R>"};
  };
  EXPECT_EQ(error_of([&] { bucket.open()->list(""); }).code(), Code::kCorrupt);
}

// ---- Uploads ------------------------------------------------------------------------------------

TEST(S3Store, PutsSmallBlobsInOneRequestAndLargeOnesInParts) {
  for (const std::size_t size : {0U, 1U, 100'000U}) {
    Bucket bucket;
    store::put_text(*bucket.open(), "b", std::string(size, 'x'));
    EXPECT_THAT(bucket.server.log, ElementsAre("PUT etcd/prod x/b", "HEAD etcd/prod x/b")) << size;
  }
  Bucket bucket;
  store::put_text(*bucket.open(), "b", std::string(100'001, 'x'));
  EXPECT_EQ(count_of(bucket.server, "PUT etcd/prod x/b"), 2);
  EXPECT_EQ(count_of(bucket.server, "POST etcd/prod x/b"), 2);
  EXPECT_THAT(bucket.server.uploads, IsEmpty());
}

TEST(S3Store, ADestroyedSinkLeavesNoParts) {
  Bucket bucket;
  bucket.open()->put("b")->write(base::as_bytes(std::string(350'000, 'x')));
  EXPECT_THAT(bucket.server.uploads, IsEmpty());
  EXPECT_EQ(count_of(bucket.server, "DELETE etcd/prod x/b"), 1);
}

TEST(S3Store, ASinkRemovesItsPartsAlsoAfterAStop) {
  Bucket bucket;
  std::stop_source stop;
  S3Options options = small_options();
  options.stop = stop.get_token();
  const auto store = bucket.open(options);
  auto sink = store->put("b");
  sink->write(base::as_bytes(std::string(350'000, 'x')));
  stop.request_stop();
  EXPECT_EQ(error_of([&] { sink->finish(); }).code(), Code::kCancelled);
  sink.reset();
  EXPECT_THAT(bucket.server.uploads, IsEmpty());
}

TEST(S3Store, RemovesUnfinishedUploadsOfThatFolderOnly) {
  Bucket bucket;
  bucket.server.page_size = 1;
  bucket.server.uploads["1"].key = "etcd/prod x/a/one";
  bucket.server.uploads["2"].key = "etcd/prod x/a/two";
  bucket.server.uploads["3"].key = "etcd/prod x/a/b/deeper";
  bucket.server.uploads["4"].key = "etcd/prod x/ab";
  bucket.server.blobs["etcd/prod x/a/b/finished"];
  const auto store = bucket.open();
  store->remove_unfinished("a");
  EXPECT_EQ(bucket.server.uploads.size(), 2U);
  store->remove_folder("a");
  EXPECT_EQ(bucket.server.uploads.size(), 1U);
  EXPECT_TRUE(bucket.server.uploads.contains("4"));
}

// A run that died in its first upload leaves a folder that no listing shows.
TEST(S3Store, RemovesUnfinishedUploadsOfFoldersThatAreNotListed) {
  Bucket bucket;
  bucket.server.uploads["1"].key = "etcd/prod x/a/dead/snapshot.db";
  bucket.server.uploads["2"].key = "etcd/prod x/a/alive/other.db";
  bucket.server.uploads["3"].key = "etcd/prod x/b/dead/snapshot.db";
  bucket.server.blobs["etcd/prod x/a/alive/backup.json"];
  bucket.open()->remove_unfinished("a");
  EXPECT_EQ(bucket.server.uploads.size(), 2U);
  EXPECT_FALSE(bucket.server.uploads.contains("1"));
}

// What a server does to a blob after it said that all is well, as a test of `finish`.
void expect_finish_notices(const std::function<void(std::map<std::string, FakeS3::Blob>&)>& spoil) {
  for (const std::size_t size : {10U, 250'000U}) {
    Bucket bucket;
    bucket.server.before = [&](const FakeS3::Seen& seen) {
      if (seen.method == "HEAD") spoil(bucket.server.blobs);
      return std::nullopt;
    };
    const base::Error error =
        error_of([&] { store::put_text(*bucket.open(), "b", std::string(size, 'x')); });
    EXPECT_EQ(error.code(), Code::kCorrupt) << error.what();
  }
}

TEST(S3Store, NoticesAServerThatForgets) {
  expect_finish_notices([](auto& blobs) { blobs.clear(); });
}

TEST(S3Store, NoticesAServerThatCutsBlobs) {
  expect_finish_notices([](auto& blobs) { blobs.begin()->second.content.pop_back(); });
}

TEST(S3Store, NoticesAServerThatKeepsOtherBytes) {
  expect_finish_notices([](auto& blobs) {
    blobs.begin()->second.headers = {{"x-amz-checksum-sha256", "AAAA"}};
  });
}

TEST(S3Store, NoticesARefusalThatComesAfterTheStatus) {
  Bucket bucket;
  bucket.server.before = [](const FakeS3::Seen& seen) -> std::optional<http::Response> {
    if (seen.method != "POST" || !seen.query.contains("uploadId")) return std::nullopt;
    http::Response late = s3_refusal(500, "InternalError");
    late.status = 200;
    return late;
  };
  const base::Error error =
      error_of([&] { store::put_text(*bucket.open(), "b", std::string(200'000, 'x')); });
  EXPECT_EQ(error.code(), Code::kIo);
  EXPECT_THAT(bucket.server.blobs, IsEmpty());
}

// A retry after a lost answer must not take its own success for somebody else's.
TEST(S3Store, PutNewSurvivesALostAnswer) {
  for (const std::size_t size : {10U, 250'000U}) {
    Bucket bucket;
    bool lost = false;
    bucket.server.after = [&](const FakeS3::Seen& seen, http::Response&) {
      const bool last = size == 10 || seen.query.contains("uploadId");
      const bool done = last && bucket.server.blobs.contains("etcd/prod x/b");
      if (!done || std::exchange(lost, true)) return;
      throw base::Error(Code::kUnavailable, "answer lost");
    };
    const auto sink = bucket.open()->put_new("b");
    EXPECT_NO_THROW(store::put_text(*bucket.open(), "other", ""));
    const auto store = bucket.open();
    const auto mine = store->put_new("b");
    mine->write(base::as_bytes(std::string(size, 'x')));
    mine->finish();
    EXPECT_TRUE(lost);
    EXPECT_EQ(text_of(*store, "b").size(), size);
  }
}

TEST(S3Store, PutNewReplacesNothing) {
  Bucket bucket;
  const auto store = bucket.open();
  store::put_text(*store, "b", "first");
  for (const std::size_t size : {10U, 250'000U}) {
    const auto sink = store->put_new("b");
    sink->write(base::as_bytes(std::string(size, 'x')));
    EXPECT_EQ(error_of([&] { sink->finish(); }).code(), Code::kExists);
  }
  EXPECT_EQ(text_of(*store, "b"), "first");
}

TEST(S3Store, TakesTheServersWordForAFingerprint) {
  struct Case {
    const char* checksum;
    const char* etag;
    std::optional<std::string> expected;
  };
  for (const Case& test : std::initializer_list<Case>{
           {"AAAA", "\"0f-x\"", "sha256:AAAA"},
           {"AAAA-7", "\"0f-7\"", "sha256-parts:AAAA-7"},
           {"AAAA", "\"0f-7\"", "sha256-parts:AAAA-7"},
           {"", "\"0f-7\"", "etag:0f-7"},
           {"", "0f", "etag:0f"},
           {"", "", std::nullopt},
       }) {
    store::S3Blob blob{.key = "b", .etag = test.etag};
    if (*test.checksum != '\0') blob.headers = {{"X-Amz-Checksum-Sha256", test.checksum}};
    EXPECT_EQ(s3_fingerprint(blob), test.expected);
  }
}

TEST(S3Store, AsksForWhatTheOptionsSay) {
  Bucket bucket;
  S3Options options = small_options();
  options.server_side_encryption = "aws:kms";
  options.kms_key_id = "key-1";
  options.object_lock = store::S3ObjectLock::kCompliance;
  options.retain = std::chrono::hours(24 * 30);
  const auto store = bucket.open(options);
  for (const std::size_t size : {10U, 250'000U}) {
    store::put_text(*store, "b", std::string(size, 'x'));
    const http::Response blob{.headers = bucket.server.blobs["etcd/prod x/b"].headers};
    EXPECT_EQ(blob.header("x-amz-server-side-encryption"), "aws:kms");
    EXPECT_EQ(blob.header("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
    EXPECT_EQ(blob.header("x-amz-object-lock-mode"), "COMPLIANCE");
    EXPECT_EQ(blob.header("x-amz-object-lock-retain-until-date"), "2026-12-21T06:00:00.000Z");
  }
  const auto lock = store->lock("a/.lock");
  const http::Response lease{.headers = bucket.server.blobs["etcd/prod x/a/.lock"].headers};
  EXPECT_EQ(lease.header("x-amz-object-lock-mode"), std::nullopt) << "a lease must end";
}

TEST(S3Store, SeesToItThatWhatIsPutInPartsIsRetained) {
  Bucket bucket;
  bucket.server.is_ceph = true;
  S3Options options = small_options();
  options.object_lock = store::S3ObjectLock::kGovernance;
  options.retain = std::chrono::hours(24);
  const auto store = bucket.open(options);
  store::put_text(*store, "b", std::string(250'000, 'x'));
  const http::Response blob{.headers = bucket.server.blobs["etcd/prod x/b"].headers};
  EXPECT_EQ(blob.header("x-amz-object-lock-mode"), "GOVERNANCE");
  EXPECT_EQ(blob.header("x-amz-object-lock-retain-until-date"), "2026-11-22T06:00:00.000Z");

  bucket.server.before = [](const FakeS3::Seen& seen) -> std::optional<http::Response> {
    if (seen.query.contains("retention")) return s3_refusal(403, "AccessDenied");
    return std::nullopt;
  };
  EXPECT_EQ(error_of([&] { store::put_text(*store, "c", std::string(250'000, 'x')); }).code(),
            Code::kDenied);
}

TEST(S3Store, SaysBeforehandThatABucketRetainsNothing) {
  Bucket bucket;
  bucket.server.has_object_lock = false;
  EXPECT_NO_THROW(bucket.open()->check());
  S3Options options = small_options();
  options.object_lock = store::S3ObjectLock::kGovernance;
  options.retain = std::chrono::hours(24);
  const auto store = bucket.open(options);
  const base::Error error = error_of([&] { store->check(); });
  EXPECT_EQ(error.code(), Code::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("without Object Lock"));
  // Whoever may not ask that finds out later, if at all.
  bucket.server.before = [](const FakeS3::Seen& seen) -> std::optional<http::Response> {
    if (seen.query.contains("object-lock")) return s3_refusal(403, "AccessDenied");
    return std::nullopt;
  };
  EXPECT_NO_THROW(store->check());
}

// ---- Reads --------------------------------------------------------------------------------------

TEST(S3Store, NeverMixesTwoBlobs) {
  Bucket bucket;
  const auto store = bucket.open();
  store::put_text(*store, "b", std::string(1'000'000, 'x'));
  const auto source = store->get("b");
  base::Buffer buffer(100'000);
  EXPECT_EQ(source->read(buffer), buffer.size());
  store::put_text(*store, "b", std::string(1'000'000, 'y'));
  const base::Error error = error_of([&] {
    while (source->read(buffer) > 0) continue;
  });
  EXPECT_EQ(error.code(), Code::kCorrupt);
  EXPECT_THAT(error.what(), HasSubstr("replaced while it was read"));
}

TEST(S3Store, NoticesRangesThatWereNotAskedFor) {
  const std::vector<std::function<void(http::Response&)>> lies = {
      [](http::Response& answer) { answer.status = 200; },
      [](http::Response& answer) { answer.body.pop_back(); },
      [](http::Response& answer) { answer.body += "x"; },
      [](http::Response& answer) {
        std::erase_if(answer.headers,
                      [](const auto& header) { return header.first == "Content-Range"; });
      }};
  for (const auto& lie : lies) {
    Bucket bucket;
    const auto store = bucket.open();
    store::put_text(*store, "b", std::string(1000, 'x'));
    bucket.server.after = [&](const FakeS3::Seen& seen, http::Response& answer) {
      if (seen.method == "GET") lie(answer);
    };
    EXPECT_THROW(text_of(*store, "b"), base::Error);
  }
}

TEST(S3Store, ReadsAheadOnlyWhileReadsFollowEachOther) {
  Bucket bucket;
  const auto store = bucket.open();
  store::put_text(*store, "b", std::string(1'000'000, 'x'));
  bucket.server.log.clear();
  const auto source = store->get("b");
  base::Buffer buffer(1000);
  while (source->read(buffer) > 0) continue;
  EXPECT_EQ(count_of(bucket.server, "GET etcd/prod x/b"), 4);  // of 300,000 each
}

}  // namespace
}  // namespace lifeboat::testing
