#include "cli/store_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "testing/error_of.h"
#include "testing/fake_s3.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using lifeboat::testing::error_of;
using lifeboat::testing::FakeS3;
using lifeboat::testing::Outcome;
using lifeboat::testing::TestProgram;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr std::string_view kBucket = " --vault s3://bucket/etcd --s3-endpoint http://s3.test:9000";

// A program beside a bucket.
struct BucketProgram : TestProgram {
  BucketProgram() {
    fs.put_directory("/var/tmp");
    environment = {{"AWS_ACCESS_KEY_ID", "KEY"}, {"AWS_SECRET_ACCESS_KEY", "secret"}};
    make_http_client = [this](const http::ClientOptions& options) {
      connections.push_back(options);
      return server.connect();
    };
  }

  Outcome in_bucket(const std::string& line) { return run(line + std::string(kBucket)); }
  Outcome take(const char* time) {
    clock.set(time);
    server.clock.set(time);
    return in_bucket("backup --cluster prod");
  }

  FakeS3 server;
  std::vector<http::ClientOptions> connections;
};

// ---- Locations ----------------------------------------------------------------------------------

TEST(StoreOptions, RefuseWhatLeadsToNoVault) {
  for (const auto& [location, message] : {
           std::pair("http://bucket", "\"http://bucket\" is an address that leads to no vault"),
           std::pair("s3://b", "'s3://b': no name of a bucket"),
           std::pair("s3://bucket/a//b", "'s3://bucket/a//b': what follows the bucket is no path"),
           std::pair("s3://bucket?regoin=x", "s3://bucket?regoin: there is no such setting"),
           std::pair("s3://bucket?region=", "s3://bucket?region: the value is empty"),
           std::pair("s3://bucket?region", "s3://bucket?region: the value is empty"),
           std::pair("s3://bucket?sse=rot13",
                     "s3://bucket?sse: \"rot13\" is none of AES256, aws:kms"),
       }) {
    const base::Error error = error_of([text = location] { check_location(text); });
    EXPECT_EQ(error.code(), base::Code::kInvalid);
    EXPECT_STREQ(error.what(), message);
  }
  for (const char* location :
       {"/backups", "backups", "s3://bucket", "s3://bucket/a/b",
        "s3://bucket?region=eu-1&endpoint=https%3A%2F%2Fs3.test&retain=30d"}) {
    EXPECT_NO_THROW(check_location(location)) << location;
  }
}

TEST(StoreOptions, ShowNoKeysThatSomebodyWroteIntoTheUrl) {
  for (const char* location : {"s3://KEYID:topsecret@bucket/a", "s3://bucket?secret=topsecret"}) {
    const base::Error error = error_of([&] { check_location(location); });
    EXPECT_THAT(std::string(error.what()) + error.hint(), Not(HasSubstr("topsecret")));
  }
}

TEST(StoreOptions, NameTheFlagsInUse) {
  EXPECT_THAT(s3_flags_in_use({}), ElementsAre());
  S3Flags flags;
  flags.endpoint = "http://s3.test";
  flags.addressing = "path";
  EXPECT_THAT(s3_flags_in_use(flags),
              ElementsAre(Pair("s3-endpoint", "http://s3.test"), Pair("s3-addressing", "path")));
}

// ---- Commands -----------------------------------------------------------------------------------

TEST(BucketCommands, KeepBackupsInABucketAsInAFolder) {
  BucketProgram program;
  for (const char* time :
       {"2026-11-19T06:00:00Z", "2026-11-20T06:00:00Z", "2026-11-21T06:00:00Z"}) {
    const Outcome taken = program.take(time);
    ASSERT_EQ(taken.code, kDone) << taken.err;
  }
  EXPECT_TRUE(program.server.blobs.contains("etcd/prod/backups/2026-11-19_060000/backup.json"));
  EXPECT_EQ(program.in_bucket("pin 2026-11-19_060000").code, kDone);
  EXPECT_EQ(program.in_bucket("verify --all").code, kDone);
  EXPECT_THAT(program.in_bucket("show latest").out, HasSubstr("2026-11-21_060000"));
  EXPECT_EQ(program.in_bucket("prune --keep-last 1").code, kDone);
  const Outcome listed = program.in_bucket("list");
  EXPECT_THAT(listed.out, AllOf(HasSubstr("2026-11-19_060000"), HasSubstr("2026-11-21_060000"),
                                Not(HasSubstr("2026-11-20_060000"))));
  EXPECT_EQ(program.in_bucket("restore latest --data-dir /restored").code, kDone);
  program.fs.put_directory("/out");
  const Outcome exported = program.in_bucket("export latest --to /out");
  EXPECT_EQ(exported.code, kDone) << exported.err;
  EXPECT_THAT(program.server.uploads, ::testing::IsEmpty());
}

TEST(BucketCommands, TakeAwsVariablesWhereNoFlagIsGiven) {
  BucketProgram program;
  program.environment["AWS_ENDPOINT_URL"] = "http://any.test";
  program.environment["AWS_ENDPOINT_URL_S3"] = "http://storage.test";
  program.run("list --vault s3://bucket");
  program.run("list --vault s3://bucket --s3-endpoint http://flag.test");
  program.environment["LIFEBOAT_S3_ENDPOINT"] = "http://own.test";
  program.run("list --vault s3://bucket");
  program.run("list --vault s3://bucket?endpoint=http://query.test");
  std::vector<std::string> hosts;
  for (const auto& options : program.connections) hosts.push_back(options.url.host);
  EXPECT_THAT(hosts, ElementsAre("storage.test", "flag.test", "own.test", "query.test"));
}

TEST(BucketCommands, GoThroughTheProxyAndTrustTheCa) {
  BucketProgram program;
  program.fs.put_file("/ca.pem", "CERTIFICATE");
  program.environment["HTTPS_PROXY"] = "http://user:topsecret@proxy.test:3128";
  program.environment["AWS_CA_BUNDLE"] = "/ca.pem";
  program.run("list --vault s3://bucket --s3-endpoint https://s3.test --s3-addressing path");
  program.environment["no_proxy"] = ".test";
  program.run("list --vault s3://bucket --s3-endpoint https://s3.test --s3-addressing path");
  ASSERT_EQ(program.connections.size(), 2U);
  EXPECT_EQ(program.connections[0].ca_pem, "CERTIFICATE");
  ASSERT_TRUE(program.connections[0].proxy);
  EXPECT_EQ(program.connections[0].proxy->url.host, "proxy.test");
  EXPECT_FALSE(program.connections[1].proxy);
}

TEST(BucketCommands, FailWithTheStatusOfStorage) {
  BucketProgram program;
  program.server.before = [](const FakeS3::Seen&) {
    return lifeboat::testing::s3_refusal(403, "AccessDenied");
  };
  const Outcome denied = program.in_bucket("list");
  EXPECT_EQ(denied.code, kStorage);
  EXPECT_THAT(denied.err, HasSubstr("403 AccessDenied"));
  program.server.before = [](const FakeS3::Seen&) {
    return lifeboat::testing::s3_refusal(404, "NoSuchBucket");
  };
  EXPECT_EQ(program.in_bucket("list").code, kNotFound);
  EXPECT_EQ(program.in_bucket("list --s3-retain 30d").code, kUsage);
  EXPECT_EQ(program.in_bucket("list --s3-profile a --s3-credentials-dir /b").code, kUsage);
}

// It would promise what no folder keeps.
TEST(BucketCommands, RefuseObjectLockWhereNothingGoesIntoABucket) {
  BucketProgram program;
  program.fs.put_directory("/copy");
  program.fs.put_directory("/old");
  EXPECT_EQ(program.run("backup --cluster prod --vault /vault").code, kDone);
  const std::string lock = " --s3-object-lock governance --s3-retain 30d";
  for (const char* command :
       {"backup --cluster prod --vault /vault --also-to /copy",
        "copy latest --vault /vault --to /copy", "adopt /old --cluster prod --vault /vault"}) {
    for (const std::string& flags : {lock, std::string(" --s3-retain 30d")}) {
      const Outcome outcome = program.run(command + flags);
      EXPECT_EQ(outcome.code, kUsage) << command << flags;
      EXPECT_THAT(outcome.err, AllOf(HasSubstr("--s3-"), HasSubstr("into a bucket")));
    }
  }
  const Outcome mixed = program.run(
      "backup --cluster prod --vault /vault --also-to "
      "s3://bucket/etcd --s3-endpoint http://s3.test:9000" +
      lock);
  EXPECT_THAT(mixed.err, Not(HasSubstr("into a bucket")));
}

TEST(BucketCommands, NameTheFlagOfAnEndpointThatIsNoUrl) {
  BucketProgram program;
  for (const char* flag : {"--s3-endpoint", "--s3-sts-endpoint"}) {
    const Outcome outcome =
        program.run("list --vault s3://bucket/etcd " + std::string(flag) + " 127.0.0.1:9000");
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_THAT(outcome.err, HasSubstr(std::string(flag) + ": bad URL '127.0.0.1:9000'"));
  }
}

TEST(BucketCommands, SayAllThatMayStandBehindTheQuestionMark) {
  BucketProgram program;
  // What a vault says of its own retention stands in LIFEBOAT_VAULT for every command.
  for (const std::string command : {"backup --cluster prod", "list", "prune"}) {
    const Outcome outcome = program.run(command + " --vault s3://bucket/etcd?keep-lst=3");
    EXPECT_EQ(outcome.code, kUsage) << command;
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("keep-lst: there is no such setting"), HasSubstr("endpoint, "),
                      HasSubstr("keep-last, "), HasSubstr("max-size")))
        << command;
    const Outcome known = program.run(command + " --vault s3://bucket/etcd?keep-last=3");
    EXPECT_THAT(known.err, Not(HasSubstr("there is no such setting"))) << command;
  }
}

TEST(BucketCommands, NeedKeysAndNeverShowThem) {
  BucketProgram program;
  program.environment = {{"HOME", "/user"}};
  const Outcome without = program.in_bucket("list");
  EXPECT_EQ(without.code, kNotFound);
  EXPECT_THAT(without.err, HasSubstr("neither in the environment nor in /user/.aws/credentials"));
  program.fs.put_file("/keys/AWS_ACCESS_KEY_ID", "KEY\n");
  program.fs.put_file("/keys/AWS_SECRET_ACCESS_KEY", "topsecret\n");
  const Outcome wrong = program.in_bucket("list --s3-credentials-dir /keys");
  EXPECT_EQ(wrong.code, kStorage) << wrong.err;
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("SignatureDoesNotMatch"), Not(HasSubstr("topsecret"))));
}

}  // namespace
}  // namespace lifeboat::cli
