package dev.sparsecast.schemas.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.schemas.Samples;
import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelRelease;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeyTest {
    @TempDir
    Path directory;

    @Test
    void aSignedReleaseVerifiesWithTheWrittenKeyAndOnlyAsItStands() {
        Path file = directory.resolve("release.key");
        SigningKey.generate().write(file);
        SubModelRelease signed = SigningKey.read(file).sign(Samples.release());
        VerifyingKey key = VerifyingKey.read(directory.resolve("release.pub"));

        assertThat(key.verifies(signed)).isTrue();
        assertThat(SigningKey.generate().verifyingKey().verifies(signed)).isFalse();
        assertThat(key.verifies(Samples.release())).isFalse();
        assertThat(key.verifies(withVersion(signed, 3))).isFalse();
    }

    @Test
    void thePrivateKeyIsReadableByItsOwnerOnly() throws Exception {
        Path file = directory.resolve("release.key");
        SigningKey.generate().write(file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void aMixedUpOrDamagedKeyFileIsRefusedByName() throws Exception {
        Path one = directory.resolve("one.key");
        Path two = directory.resolve("two.key");
        SigningKey.generate().write(one);
        SigningKey.generate().write(two);
        Files.copy(
                directory.resolve("one.pub"),
                directory.resolve("two.pub"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> SigningKey.read(two))
                .hasMessageContaining("two.key")
                .hasMessageContaining("does not belong");
        Files.writeString(one, "nonsense");
        assertThatThrownBy(() -> SigningKey.read(one)).hasMessageContaining("no PEM block");
        assertThatThrownBy(() -> VerifyingKey.read(directory.resolve("absent.pub")))
                .hasMessageContaining("absent.pub");
    }

    @Test
    void theManifestIsStableJson() {
        String manifest = new String(ReleaseManifest.canonicalBytes(Samples.release()), StandardCharsets.UTF_8);
        assertThat(manifest)
                .isEqualTo(
                        "{\"format\":\"sparsecast-release-1\",\"model\":\"tiny-coder@0123456789ab\",\"submodel\":\"python\","
                                + "\"version\":2,\"parent\":1,\"base_digest\":\"sha256:00\",\"trigger\":\"drift\","
                                + "\"recipe\":{\"method\":\"wanda\",\"pattern\":\"unstructured\",\"sparsity\":0.6,"
                                + "\"mask_digest\":\"sha256:11\",\"half_life_tokens\":\"5000.0\"},"
                                + "\"artifacts\":[{\"kind\":\"recipe\",\"uri\":\"python/2/recipe.safetensors\",\"bytes\":26112,\"sha256\":\"22\"}],"
                                + "\"quality\":{\"prompts\":10,\"tokens\":2000,\"dense_perplexity\":22.8,\"candidate_perplexity\":44.1,"
                                + "\"current_perplexity\":45.5},"
                                + "\"provenance\":[{\"language\":\"python\",\"domain\":\"code\",\"weight\":1.0,\"epoch\":17,"
                                + "\"flush_digest\":\"fffffffffffffffb\",\"tokens\":100,\"prompts\":3}],"
                                + "\"snapshot_at\":1790000000123,\"released_at\":1790000001123}");
    }

    @Test
    void theManifestNamesABudgetThatIsNotUniform() {
        assertThat(new String(ReleaseManifest.canonicalBytes(Samples.releaseWithBudget()), StandardCharsets.UTF_8))
                .contains("\"half_life_tokens\":\"5000.0\",\"budget\":\"owl:5:0.08\"},");
    }

    @Test
    void theManifestHoldsWhatWasAddedLater() {
        assertThat(new String(ReleaseManifest.canonicalBytes(Samples.releaseWithRollout()), StandardCharsets.UTF_8))
                .contains(
                        "\"current_perplexity\":45.5,"
                                + "\"difference_to_dense\":{\"mean\":0.66,\"low\":0.5,\"high\":0.75,\"confidence\":0.95},"
                                + "\"difference_to_current\":{\"mean\":-0.03,\"low\":-0.25,\"high\":0.125,\"confidence\":0.95}},",
                        "\"prompts\":3,\"distinct_sources\":2}],"
                                + "\"rollout\":{\"canary_share\":0.25,\"pinned\":true,\"restores\":6,\"revoked\":[7,8]},"
                                + "\"snapshot_at\":");
    }

    @Test
    void whatAReleaseSaysOfItsRolloutIsSigned() {
        SigningKey key = SigningKey.generate();
        SubModelRelease signed = key.sign(Samples.releaseWithRollout());
        assertThat(key.verifyingKey().verifies(signed)).isTrue();
        SubModelRelease stripped =
                signed.withRollout(SubModelRelease.Rollout.EVERYWHERE).signed(signed.keyId(), signed.signature());
        assertThat(key.verifyingKey().verifies(stripped)).isFalse();
    }

    @Test
    void aManifestIsReadBackAsTheReleaseThatItIsOf() {
        for (SubModelRelease release :
                List.of(Samples.release(), Samples.releaseWithBudget(), Samples.releaseWithRollout())) {
            assertThat(ReleaseManifest.read(ReleaseManifest.canonicalBytes(release)))
                    .isEqualTo(release);
        }
    }

    @Test
    void aManifestThatIsNotExactlyCanonicalIsRefused() {
        String manifest = new String(ReleaseManifest.canonicalBytes(Samples.release()), StandardCharsets.UTF_8);
        for (String changed : List.of(
                manifest + " ",
                manifest.replace("\"version\":2", "\"version\":2,\"more\":1"),
                manifest.replace("\"weight\":1.0", "\"weight\":1"),
                manifest.replace("\"drift\"", "\"whim\""),
                "{}",
                "[",
                "")) {
            assertThatThrownBy(() -> ReleaseManifest.read(changed.getBytes(StandardCharsets.UTF_8)))
                    .as(changed)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("manifest");
        }
    }

    @Test
    void aSignedCommandVerifiesOnlyAsItStands() {
        SigningKey key = SigningKey.generate();
        SubModelCommand signed = key.sign(Samples.command());
        assertThat(key.verifyingKey().verifies(signed)).isTrue();
        assertThat(key.verifyingKey().verifies(Samples.command())).isFalse();
        assertThat(SigningKey.generate().verifyingKey().verifies(signed)).isFalse();
        SubModelCommand other = new SubModelCommand(
                signed.id(),
                signed.model(),
                signed.submodel(),
                signed.action(),
                OptionalInt.of(4),
                signed.newest(),
                signed.issuer(),
                signed.reason(),
                signed.issuedAt(),
                signed.keyId(),
                signed.signature());
        assertThat(key.verifyingKey().verifies(other)).isFalse();
    }

    /** Its signature was made with OpenSSL. */
    @Test
    void signsTheTestVectorOfTheDocumentation() throws Exception {
        Path file = directory.resolve("rfc8032.key");
        Files.writeString(file, """
                -----BEGIN PRIVATE KEY-----
                MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
                -----END PRIVATE KEY-----
                """);
        Files.writeString(directory.resolve("rfc8032.pub"), """
                -----BEGIN PUBLIC KEY-----
                MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
                -----END PUBLIC KEY-----
                """);

        SubModelRelease signed = SigningKey.read(file).sign(Samples.releaseWithRollout());

        String documentation = Files.readString(Path.of("../docs/formats.md"));
        byte[] manifest = ReleaseManifest.canonicalBytes(signed);
        String signature = signed.signature().hex();
        assertThat(documentation)
                .contains(
                        "The " + manifest.length + " bytes of the next line",
                        "\n" + new String(manifest, StandardCharsets.UTF_8) + "\n",
                        HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(manifest)),
                        "\n" + signature.substring(0, 64) + "\n" + signature.substring(64) + "\n",
                        "is `" + signed.keyId() + "`");
    }

    private static SubModelRelease withVersion(SubModelRelease release, int version) {
        return new SubModelRelease(
                release.model(),
                release.submodel(),
                version,
                release.parent(),
                release.baseDigest(),
                release.trigger(),
                release.recipe(),
                release.artifacts(),
                release.quality(),
                release.provenance(),
                release.snapshotAt(),
                release.releasedAt(),
                release.keyId(),
                release.signature());
    }
}
