package dev.sparsecast.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class S3AddressTest {
    @ParameterizedTest
    @CsvSource({
        "s3://bucket, bucket, ''",
        "s3://bucket/, bucket, ''",
        "s3://my.bucket-1/a, my.bucket-1, a/",
        "S3://bucket/a/b/, bucket, a/b/",
    })
    void readsBucketAndPrefix(String uri, String bucket, String prefix) {
        S3Address address = S3Address.parse(uri);

        assertThat(address.bucket()).isEqualTo(bucket);
        assertThat(address.prefix()).isEqualTo(prefix);
        assertThat(address).hasToString("s3://" + bucket + "/" + prefix);
    }

    @Test
    void putsTheBucketIntoTheHostOfAmazonsServersAndIntoThePathOfOthers() {
        assertThat(S3Address.parse("s3://bucket/a").pathStyle()).isFalse();
        assertThat(S3Address.parse("s3://bucket/a?endpoint=http://localhost:8333")
                        .pathStyle())
                .isTrue();
        assertThat(S3Address.parse("s3://bucket/a?endpoint=https://s3.example.org&path-style=false")
                        .pathStyle())
                .isFalse();
    }

    @Test
    void readsTheSettings() {
        S3Address address = S3Address.parse("s3://bucket?region=eu-north-1&endpoint=http://localhost:8333");

        assertThat(address.region()).isEqualTo(Optional.of("eu-north-1"));
        assertThat(address.endpoint()).isEqualTo(Optional.of(URI.create("http://localhost:8333")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "s3://; '' cannot be the name of a bucket",
                "s3:bucket; no address of an S3 store",
                "s3:///a; cannot be the name of a bucket",
                "s3://Bucket/a; 'Bucket' cannot be the name of a bucket",
                "s3://user:secret@bucket/a; cannot be the name of a bucket",
                "s3://bucket/../a; could lead out of the store",
                "s3://bucket//a; it is absolute",
                "s3://bucket/a b; cannot be used",
                "s3://bucket/a?region=EU north; cannot be the name of a region",
                "s3://bucket/a?path-style=yes; path-style is 'true' or 'false'",
                "s3://bucket/a?endpoint=localhost:8333; no address such as",
                "s3://bucket/a?endpoint=http://user:secret@localhost:8333; no address such as",
                "s3://bucket/a?endpoint=ftp://localhost; no address such as",
                "s3://bucket/a?endpoint=http://local host; no address",
                "s3://bucket/a?secret=x; it has the setting 'secret'",
                "s3://bucket/a?; it has the setting ''",
            })
    void refusesOtherAddresses(String uri, String why) {
        assertThatThrownBy(() -> ArtifactStores.open(uri))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(why)
                .hasMessageContaining("give s3://BUCKET/PREFIX");
    }
}
