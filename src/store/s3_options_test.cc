#include "store/s3_options.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "testing/error_of.h"

namespace lifeboat::store {
namespace {

using base::Code;
using testing::error_of;

TEST(S3Options, ReadsWhereABucketIs) {
  EXPECT_EQ(parse_s3_url("s3://backups"), (S3Location{"backups"}));
  EXPECT_EQ(parse_s3_url("s3://backups/"), (S3Location{"backups"}));
  EXPECT_EQ(parse_s3_url("s3://my.backups-1/etcd/prod"), (S3Location{"my.backups-1", "etcd/prod"}));
  EXPECT_EQ(parse_s3_url("s3://backups/a b/"), (S3Location{"backups", "a b"}));
}

TEST(S3Options, RefusesNearMisses) {
  for (const std::string text :
       {"", "s3:", "s3://", "s3:///a", "S3://backups", "https://backups", "backups", "s3://ab",
        "s3://-abc", "s3://a..b", "s3://back ups", "s3://backups//", "s3://backups/a//b",
        "s3://backups/../b", "s3://backups/.", "s3://user@backups", "s3://backups:9000/a",
        "s3://backups?x"}) {
    EXPECT_EQ(error_of([&] { parse_s3_url(text); }).code(), Code::kInvalid) << text;
  }
}

struct EndpointCase {
  std::string endpoint;
  std::string bucket;
  S3Addressing addressing;
  std::string url;
  std::string path;
};

TEST(S3Options, KnowsWhereRequestsGo) {
  const EndpointCase cases[] = {
      {"", "backups", S3Addressing::kAuto, "https://backups.s3.eu-west-1.amazonaws.com:443", ""},
      {"", "my.backups", S3Addressing::kAuto, "https://s3.eu-west-1.amazonaws.com:443",
       "/my.backups"},
      {"", "backups", S3Addressing::kPath, "https://s3.eu-west-1.amazonaws.com:443", "/backups"},
      {"http://10.0.0.5:9000", "backups", S3Addressing::kAuto, "http://10.0.0.5:9000", "/backups"},
      {"https://minio.example/s%203/", "backups", S3Addressing::kAuto, "https://minio.example:443",
       "/s 3/backups"},
      {"https://ceph.example", "backups", S3Addressing::kVirtualHost,
       "https://backups.ceph.example:443", ""},
  };
  for (const EndpointCase& row : cases) {
    const S3Endpoint endpoint = s3_endpoint({.location = {row.bucket},
                                             .endpoint = row.endpoint,
                                             .region = "eu-west-1",
                                             .addressing = row.addressing});
    EXPECT_EQ(endpoint.url.text(), row.url);
    EXPECT_EQ(endpoint.bucket_path, row.path);
    EXPECT_EQ(endpoint.url.path, "");
  }
  EXPECT_EQ(s3_endpoint({.location = {"backups"}, .region = "cn-north-1"}).url.host,
            "backups.s3.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(error_of([] {
              s3_endpoint({.location = {"backups"},
                           .endpoint = "http://10.0.0.5",
                           .addressing = S3Addressing::kVirtualHost});
            }).code(),
            Code::kInvalid);
}

TEST(S3Options, RefusesWhatContradictsItself) {
  const S3Options good = {.location = {"backups"}};
  EXPECT_NO_THROW(check_s3_options(good));
  const auto expect_refused = [&](auto change) {
    S3Options options = good;
    change(options);
    EXPECT_EQ(error_of([&] { check_s3_options(options); }).code(), Code::kInvalid);
  };
  expect_refused([](S3Options& o) { o.region = ""; });
  expect_refused([](S3Options& o) { o.region = "eu west"; });
  expect_refused([](S3Options& o) { o.object_lock = S3ObjectLock::kGovernance; });
  expect_refused([](S3Options& o) { o.retain = std::chrono::hours(1); });
  expect_refused([](S3Options& o) { o.kms_key_id = "key"; });
}

TEST(S3Options, TenThousandPartsHoldFiveTebibytes) {
  std::uint64_t sum = 0;
  for (int number = 1; number <= kS3PartsMax; ++number) {
    const std::uint64_t part = s3_part_bytes(8 * 1024 * 1024, number);
    EXPECT_LE(part, 5ULL << 30) << number;  // S3's own limit
    sum += part;
  }
  EXPECT_GE(sum, 5ULL << 40);
  EXPECT_EQ(s3_part_bytes(8, 1), 8U);
  EXPECT_EQ(s3_part_bytes(8, 8000), 8U);
  EXPECT_EQ(s3_part_bytes(8, 8001), 16U);
  EXPECT_EQ(s3_part_bytes(8, 8101), 32U);
  EXPECT_EQ(s3_part_bytes(8, kS3PartsMax), 8U << 9);
}

}  // namespace
}  // namespace lifeboat::store
