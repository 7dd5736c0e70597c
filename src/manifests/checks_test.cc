#include "manifests/checks.h"

#include <gtest/gtest.h>

namespace lifeboat::manifests {
namespace {

using Check = bool (*)(std::string_view);

void expect_all(Check check, bool expected, const std::vector<std::string>& texts) {
  for (const auto& text : texts) EXPECT_EQ(check(text), expected) << "\"" << text << "\"";
}

std::string repeated(const char* text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Checks, KnowDnsLabels) {
  expect_all(&is_dns_label, true, {"a", "0", "etcd-backup", "a--b", repeated("a", 63)});
  expect_all(&is_dns_label, false,
             {"", "-a", "a-", "A", "a.b", "a_b", "a b", "a\n", "é", "{{x}}", repeated("a", 64)});
}

TEST(Checks, KnowDnsSubdomains) {
  expect_all(&is_dns_subdomain, true, {"a", "a.b", "gp3-csi", "example.com"});
  expect_all(&is_dns_subdomain, false,
             {"", ".", "a.", ".a", "a..b", "a.-b", "A.b", "a/b", "a b", repeated("a.", 130) + "a"});
}

TEST(Checks, KnowKeysAndValuesOfLabels) {
  expect_all(&is_label_key, true, {"team", "a.b_c-d", "example.com/team", "A"});
  expect_all(&is_label_key, false,
             {"", "/a", "a/", "a/b/c", "-a", "a b", "EXAMPLE.com/x", "a\n", repeated("a", 64)});
  expect_all(&is_label_value, true, {"", "a", "A.b_c-d", "1"});
  expect_all(&is_label_value, false,
             {" ", "-a", "a-", "a/b", "a b", "a:b", "{{a}}", repeated("a", 64)});
}

TEST(Checks, KnowImages) {
  const std::string digest = "@sha256:" + repeated("0123456789abcdef", 4);
  expect_all(&is_image, true,
             {"lifeboat", "lifeboat:1.0", "registry.example/team/lifeboat:1.0",
              "registry.example:5000/lifeboat", "localhost/lifeboat", "a/b" + digest,
              "a/b:1" + digest, "REGISTRY.example/lifeboat", "image-registry.svc:5000/a/b:latest"});
  expect_all(&is_image, false,
             {"",
              "a b",
              "a:",
              "a@",
              "a:@x",
              "a:b:c",
              "/a",
              "a/",
              "a//b",
              "Lifeboat",
              "-a",
              "a:-b",
              "a@sha256:12",
              "a@md5:12",
              "registry:0/a",
              "registry:70000/a",
              "a\n",
              "$(x)",
              "{{x}}",
              "a:b c",
              "https://a/b",
              "a;b",
              "a'b",
              repeated("a", 501)});
}

TEST(Checks, TakeImagesApart) {
  const ImageParts parts = split_image("registry.example:5000/lifeboat:1.0@sha256:12");
  EXPECT_EQ(parts.name, "registry.example:5000/lifeboat");
  EXPECT_EQ(parts.tag, "1.0");
  EXPECT_EQ(parts.digest, "sha256:12");
  EXPECT_EQ(split_image("registry.example:5000/lifeboat").name, "registry.example:5000/lifeboat");
}

TEST(Checks, KnowTimeZones) {
  expect_all(&is_time_zone, true,
             {"UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5",
              "America/Port-au-Prince"});
  expect_all(&is_time_zone, false,
             {"", "Local", "/UTC", "UTC/", "a//b", "a/b/c/d", "Europe Berlin", "../etc", "5",
              "Etc/GMT+", "a\n", "{{x}}", repeated("a", 61)});
}

TEST(Checks, KnowPaths) {
  expect_all(&is_absolute_path, true, {"/backups", "/a/b.c/d_e-f+g"});
  expect_all(&is_absolute_path, false,
             {"", "/", "a", "a/b", "/a/", "//a", "/a/../b", "/.", "/a b", "/a:b", "/a\n", "/{{x}}",
              "s3://bucket/x", "/" + repeated("a", 200)});
}

TEST(Checks, KnowOneLineOfText) {
  expect_all(&is_one_line, true, {"", "a: b # c", "Größe", "{{ x }}", "日本"});
  expect_all(&is_one_line, false,
             {"a\nb", "a\tb", "\x7f", "\xff", "a\u0085b", "\u2028", "\u2029", "\ufeff", "\x1b[1m"});
}

TEST(Checks, ReadQuantities) {
  const auto value = [](const char* text) { return parse_quantity(text).value_or(-1); };
  EXPECT_DOUBLE_EQ(value("20Gi"), 20.0 * 1024 * 1024 * 1024);
  EXPECT_DOUBLE_EQ(value("50m"), 0.05);
  EXPECT_DOUBLE_EQ(value("0.5"), 0.5);
  EXPECT_DOUBLE_EQ(value("2k"), 2000);
  EXPECT_DOUBLE_EQ(value("1M"), 1e6);
  EXPECT_DOUBLE_EQ(value("0"), 0);
  for (const char* text : {"", "Gi", "-1", "+1", "1 Gi", "1gi", "1GB", "1K", "1.", ".5", "1..2",
                           "1e3", "0x10", "1Gi\n", "1mi", "99999999999999999999"}) {
    EXPECT_FALSE(parse_quantity(text)) << text;
  }
}

TEST(Checks, ReadEndpoints) {
  const auto endpoint = parse_endpoint("https://10.0.0.5:2379");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->host, "10.0.0.5");
  EXPECT_EQ(endpoint->port, 2379u);
  EXPECT_TRUE(endpoint->is_address);
  EXPECT_FALSE(parse_endpoint("etcd.example:2379")->is_address);
  EXPECT_EQ(parse_endpoint("https://[fd00::5]:2379")->host, "fd00::5");
  for (const char* text :
       {"", "https://", "10.0.0.5", "10.0.0.5:0", "10.0.0.5:70000", "10.0.0.5:2379/x", "a b:1",
        "ftp://a:1", "https://https://a:1", "[fd00::5:1", "10.0.0.256:1", "10.0.0.5.6:1", "{{x}}:1",
        "-a:1", "a:1\n", "user@a:1"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST(Checks, OfAServersUrl) {
  const std::vector<std::pair<const char*, unsigned>> good{
      {"https://s3.example", 443},   {"http://s3.example", 80},
      {"https://s3.example/", 443},  {"https://s3.example:9000", 9000},
      {"https://10.0.0.9/a/b", 443}, {"https://[fd00::9]", 443}};
  for (const auto& [text, port] : good) {
    const auto server = parse_server_url(text);
    ASSERT_TRUE(server) << text;
    EXPECT_EQ(server->port, port) << text;
  }
  EXPECT_TRUE(parse_server_url("https://10.0.0.9")->is_address);
  for (const char* text : {"", "s3.example", "s3://bucket", "https://", "https://a b",
                           "https://u:p@s3.example", "https://s3.example/../x",
                           "https://s3.example?x", "https://s3.example:0", "https://s3:x"}) {
    EXPECT_FALSE(parse_server_url(text)) << text;
  }
}

TEST(Checks, OfABucketsUrl) {
  for (const char* text : {"s3://abc", "s3://my.bucket-1/a/b_c.d"}) {
    EXPECT_TRUE(is_bucket_url(text)) << text;
  }
  for (const char* text : {"", "s3://", "s3://ab", "s3:/abc", "s3://Abc", "s3://abc/", "s3://-abc",
                           "s3://abc//d", "s3://abc/.", "s3://abc/a b", "S3://abc", "gs://abc"}) {
    EXPECT_FALSE(is_bucket_url(text)) << text;
  }
  EXPECT_FALSE(is_bucket_url("s3://" + std::string(64, 'a')));
}

}  // namespace
}  // namespace lifeboat::manifests
