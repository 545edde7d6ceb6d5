package dev.sparsecast.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeysTest {
    @Test
    void keysComeBackAsTheyWere() {
        GroupKey group = new GroupKey("tiny-coder@0123456789ab", "cpp", "code");
        assertThat(group.layer(11)).hasToString("tiny-coder@0123456789ab/cpp/code/11");
        assertThat(LayerKey.parse(group.layer(11).toString())).isEqualTo(group.layer(11));
        assertThat(GroupKey.parse(group.toString())).isEqualTo(group);
        SubModelKey submodel = new SubModelKey("m", "python");
        assertThat(SubModelKey.parse(submodel.toString())).isEqualTo(submodel);
        assertThat(submodel.deployment("d-1")).isEqualTo("m/python/d-1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "m",
                "m/l",
                "m/l/d",
                "m/l/d/x",
                "m/l/d/-1",
                "m/l/d/1/2",
                "m/l//1",
                "m/L/d/1",
                "../l/d/1",
                "m/l/d/99999999999"
            })
    void whatIsNoLayerKeyIsRefused(String key) {
        assertThatThrownBy(() -> LayerKey.parse(key)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theFlushDigestDoesNotDependOnOrder() {
        FlushDigest ab = FlushDigest.EMPTY.plus("a").plus("b");
        assertThat(FlushDigest.EMPTY.plus("b").plus("a")).isEqualTo(ab);
        assertThat(FlushDigest.EMPTY.plus("a").plus(FlushDigest.EMPTY.plus("b")))
                .isEqualTo(ab);
        assertThat(FlushDigest.EMPTY.plus("a").plus("a")).isNotEqualTo(ab);
    }

    @Test
    void oneInFiveIsHeldOut() {
        long heldOut = java.util.stream.IntStream.range(0, 10_000)
                .filter(i -> HeldOut.contains("id-" + i))
                .count();
        assertThat(heldOut).isBetween(1_800L, 2_200L);
    }

    @Test
    void theHashIsTheOneOfTheSpecification() {
        // sha256("abc") begins with ba7816bf 8f01cfea
        assertThat(StableHash.of("abc")).isEqualTo(0xba7816bf8f01cfeaL);
    }
}
