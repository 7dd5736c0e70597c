#include "cli/legacy_variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "testing/error_of.h"
#include "testing/test_program.h"

namespace lifeboat::cli {
namespace {

using base::Code;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "--flag value" for each setting.
std::vector<std::string> settings_of(const Environment& environment) {
  std::vector<std::string> settings;
  for (const Setting& setting : legacy_settings(environment).settings) {
    settings.push_back(base::cat("--", setting.flag, " ", setting.value));
  }
  return settings;
}

TEST(LegacyVariables, MeanWhatTheyMeant) {
  EXPECT_THAT(settings_of({{"OCP_BACKUP_EXPIRE_TYPE", "days"}}), ElementsAre("--keep-within 30d"));
  EXPECT_THAT(settings_of({{"OCP_BACKUP_EXPIRE_TYPE", "days"}, {"OCP_BACKUP_KEEP_DAYS", "7"}}),
              ElementsAre("--keep-within 7d"));
  EXPECT_THAT(settings_of({{"OCP_BACKUP_EXPIRE_TYPE", "count"}, {"OCP_BACKUP_KEEP_COUNT", "3"}}),
              ElementsAre("--keep-last 3"));
  EXPECT_THAT(settings_of({{"OCP_BACKUP_EXPIRE_TYPE", "never"}}), ElementsAre("--keep-last 0"));
  EXPECT_THAT(settings_of({{"OCP_BACKUP_SUBDIR", "/prod/"}}), ElementsAre("--vault /backup/prod"));
  EXPECT_THAT(settings_of({{"OCP_BACKUP_SUBDIR", "/"}, {"OCP_BACKUP_S3", "false"}}),
              ElementsAre("--vault /backup"));
  EXPECT_THAT(settings_of({{"OCP_BACKUP_KEEP_COUNT", "3"}, {"PATH", "/bin"}}), IsEmpty());
}

TEST(LegacyVariables, AreRefusedWhereTheyCanNotBeMeant) {
  EXPECT_EQ(error_of([] {
              legacy_settings({{"OCP_BACKUP_EXPIRE_TYPE", "weeks"}});
            }).code(),
            Code::kInvalid);
  for (const char* count : {"0", "-1", "x", "3 "}) {
    EXPECT_EQ(
        error_of([&] {
          legacy_settings({{"OCP_BACKUP_EXPIRE_TYPE", "count"}, {"OCP_BACKUP_KEEP_COUNT", count}});
        }).code(),
        Code::kInvalid)
        << count;
  }
  for (const char* bucket : {"true", "yes"}) {
    EXPECT_EQ(error_of([&] {
                legacy_settings({{"OCP_BACKUP_S3", bucket}});
              }).code(),
              Code::kInvalid);
  }
}

TEST(LegacyVariables, NameABucketAndItsKeys) {
  Environment environment{{"OCP_BACKUP_S3", "true"},
                          {"OCP_BACKUP_S3_BUCKET", "etcd"},
                          {"OCP_BACKUP_S3_HOST", "https://minio.example.com"},
                          {"OCP_BACKUP_S3_NAME", "minio"},
                          {"OCP_BACKUP_S3_ACCESS_KEY", "theirs"},
                          {"OCP_BACKUP_S3_SECRET_KEY", "topsecret"},
                          {"OCP_BACKUP_SUBDIR", "/prod/"}};
  EXPECT_THAT(settings_of(environment),
              ElementsAre("--vault s3://etcd/prod", "--s3-endpoint https://minio.example.com"));
  const std::string lines = base::join(legacy_settings(environment).lines, "; ");
  EXPECT_THAT(lines, HasSubstr("OCP_BACKUP_S3_SECRET_KEY is AWS_SECRET_ACCESS_KEY here"));
  EXPECT_EQ(lines.find("topsecret"), std::string::npos);
  EXPECT_EQ(with_legacy_keys(environment).at("AWS_SECRET_ACCESS_KEY"), "topsecret");
  environment["AWS_ACCESS_KEY_ID"] = "ours";
  EXPECT_EQ(with_legacy_keys(environment).at("AWS_ACCESS_KEY_ID"), "ours");
  environment["OCP_BACKUP_S3"] = "false";
  EXPECT_FALSE(with_legacy_keys(environment).contains("AWS_SECRET_ACCESS_KEY"));
}

TEST(LegacyVariables, AreEachNamedOnALine) {
  const LegacySettings found = legacy_settings({{"OCP_BACKUP_EXPIRE_TYPE", "count"},
                                                {"OCP_BACKUP_KEEP_COUNT", "3"},
                                                {"OCP_BACKUP_KEEP_DAYS", "9"},
                                                {"OCP_BACKUP_UMASK", "0027"}});
  EXPECT_THAT(found.lines, ElementsAre("OCP_BACKUP_KEEP_COUNT is --keep-last 3 here",
                                       HasSubstr("OCP_BACKUP_KEEP_DAYS has no effect here"),
                                       HasSubstr("OCP_BACKUP_UMASK has no effect here")));
}

TEST(LegacyVariables, AreWeakerThanAnythingElse) {
  testing::TestProgram program;
  program.environment = {{"OCP_BACKUP_EXPIRE_TYPE", "count"}, {"OCP_BACKUP_KEEP_COUNT", "1"}};
  const auto backup = [&](const std::string& flags) {
    program.clock.advance(std::chrono::seconds(1));
    return program.run("backup --vault /vault --cluster prod" + flags);
  };
  backup("");
  EXPECT_THAT(backup("").err, HasSubstr("OCP_BACKUP_KEEP_COUNT is --keep-last 1 here"));
  EXPECT_THAT(program.run("list --vault /vault -o json").out, HasSubstr("2026-11-21_060002"));
  EXPECT_EQ(program.run("list --vault /vault").out.find("2026-11-21_060001"), std::string::npos);
  backup(" --keep-last 3");
  EXPECT_THAT(program.run("list --vault /vault").out, HasSubstr("2026-11-21_060002"));
  EXPECT_EQ(program.run("list --vault /vault").err.find("OCP_"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::cli
