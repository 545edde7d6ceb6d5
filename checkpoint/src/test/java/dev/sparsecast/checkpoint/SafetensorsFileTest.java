package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {
    @TempDir
    Path directory;

    @Test
    void readsTensorsInTheOrderOfTheirDataAndMetadata() throws IOException {
        Path path = RawSafetensors.write(
                file(),
                "{\"b\":{\"dtype\":\"I16\",\"shape\":[2,1],\"data_offsets\":[3,7]},"
                        + "\"__metadata__\":{\"format\":\"pt\",\"ключ\":\"é\"},"
                        + "\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
                        + "\"c\":{\"dtype\":\"BOOL\",\"shape\":[],\"data_offsets\":[7,8]}}   ",
                8);

        try (SafetensorsFile opened = SafetensorsFile.open(path)) {
            assertThat(opened.path()).isEqualTo(path);
            assertThat(opened.metadata()).isEqualTo(Map.of("format", "pt", "ключ", "é"));
            assertThat(opened.tensors().keySet()).containsExactly("a", "b", "c");
            Tensor b = opened.tensor("b");
            assertThat(b.type()).isEqualTo(ElementType.I16);
            assertThat(b.shape()).isEqualTo(List.of(2L, 1L));
            assertThat(b.data().toArray(ValueLayout.JAVA_BYTE)).containsExactly(3, 4, 5, 6);
            assertThat(opened.tensor("c").elements()).isEqualTo(1);
        }
    }

    @Test
    void readsAFileWithoutTensors() throws IOException {
        Path path = RawSafetensors.write(file(), "{}", 0);

        try (SafetensorsFile opened = SafetensorsFile.open(path)) {
            assertThat(opened.tensors()).isEmpty();
            assertThat(opened.metadata()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[0]", "[3,0]", "[0,4611686018427387904,1]"})
    void readsTensorsWithoutElementsAnywhere(String shape) throws IOException {
        Path path = RawSafetensors.write(
                file(),
                "{\"z\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[0,0]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"e\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[4,4]}}",
                4);

        try (SafetensorsFile opened = SafetensorsFile.open(path)) {
            assertThat(opened.tensors().keySet()).containsExactly("z", "a", "e");
            assertThat(opened.tensor("e").toFloats()).isEmpty();
        }
    }

    @ParameterizedTest(name = "{0} with {1} bytes: {2}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // one tensor "t" described wrongly
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 3 | tensor t ends at byte 4",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 5 | 1 bytes follow",
                "{'t':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | 4 | tensor t takes 4 bytes",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | 8 | tensor t leaves a hole of 4 bytes",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}} | 4 | tensor t ends (0) before it begins (4)",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[0,4,4]}} | 4 | tensor t has 3 data_offsets",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[0]}} | 4 | tensor t has 1 data_offsets",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}} | 4 | tensor t has the data_offsets",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':[0,4.0]}} | 4 | tensor t has the data_offsets",
                "{'t':{'dtype':'F32','shape':[1],'data_offsets':'0,4'}} | 4 | tensor t has no data_offsets",
                "{'t':{'dtype':'F32','shape':[1]}} | 4 | tensor t has no data_offsets",
                "{'t':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}} | 4 | tensor t has the shape",
                "{'t':{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}} | 4 | tensor t has the shape",
                "{'t':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,4]}} | 4 | tensor t has the shape",
                "{'t':{'dtype':'F32','shape':[4611686018427387904,4],'data_offsets':[0,4]}} | 4 | tensor t has a shape too large",
                "{'t':{'dtype':'F32','shape':[2147483648,2147483648,2147483648],'data_offsets':[0,0]}} | 0 | tensor t has a shape too large",
                "{'t':{'dtype':'F32','data_offsets':[0,4]}} | 4 | tensor t has no shape",
                "{'t':{'shape':[1],'data_offsets':[0,4]}} | 4 | tensor t has no dtype",
                "{'t':{'dtype':7,'shape':[1],'data_offsets':[0,4]}} | 4 | tensor t has no dtype",
                "{'t':{'dtype':'F8_E4M3','shape':[4],'data_offsets':[0,4]}} | 4 | tensor t has the dtype 'F8_E4M3'",
                "{'t':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}} | 4 | tensor t has the dtype 'f32'",
                "{'t':[0,4]} | 4 | tensor t is not described by an object",
                "{'t':null} | 4 | tensor t is not described by an object",
                // several tensors
                "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'t':{'dtype':'U8','shape':[2],'data_offsets':[3,5]}} | 5 | tensor t overlaps",
                "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | 4 | tensor t overlaps",
                "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'t':{'dtype':'U8','shape':[0],'data_offsets':[2,2]}} | 4 | tensor t overlaps",
                "{'a':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'t':{'dtype':'U8','shape':[2],'data_offsets':[5,7]}} | 7 | tensor t leaves a hole of 1",
                "{'t':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},'t':{'dtype':'U8','shape':[1],'data_offsets':[1,2]}} | 2 | not valid JSON",
                // the header as a whole
                "{'__metadata__':{'a':1}} | 0 | __metadata__ 'a' is not a string",
                "{'__metadata__':{'a':null}} | 0 | __metadata__ 'a' is not a string",
                "{'__metadata__':['a']} | 0 | __metadata__ is not an object",
                "{'__metadata__':{'a':'1','a':'2'}} | 0 | not valid JSON",
                "{'t': | 0 | not valid JSON",
                "{} {} | 0 | not valid JSON",
                "{}x | 0 | not valid JSON",
                "[] | 0 | does not begin with '{'",
                "` {}` | 0 | does not begin with '{'",
                "{} | 1 | 1 bytes follow",
            })
    void refusesADamagedHeader(String header, int dataBytes, String complaint) throws IOException {
        Path path = RawSafetensors.write(file(), header.replace('\'', '"'), dataBytes);

        assertRefused(path, complaint);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void refusesAFileTooShortForTheHeadersLength(int length) throws IOException {
        assertRefused(Files.write(file(), new byte[length]), "only " + length + " bytes");
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 100, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE, -1})
    void refusesAHeaderLengthBeyondTheFile(long announced) throws IOException {
        Path path = RawSafetensors.write(file(), announced, new byte[] {'{', '}'}, 0);

        assertRefused(path, "announces a header of " + Long.toUnsignedString(announced) + " bytes");
    }

    @Test
    void refusesAHeaderOfMoreThanAHundredMegabytes() throws IOException {
        Path path = file();
        try (var out = Files.newByteChannel(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, 100_000_001));
            out.position(100_000_100);
            out.write(ByteBuffer.allocate(1));
        }

        assertRefused(path, "the limit is 100000000");
    }

    @Test
    void refusesAnEmptyHeader() throws IOException {
        assertRefused(RawSafetensors.write(file(), "", 0), "does not begin with '{'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7b22ff223a7b7d7d", "7b007d00", "7b22c0af223a7b7d7d"})
    void refusesAHeaderThatIsNotUtf8(String hex) throws IOException {
        Path path = RawSafetensors.write(file(), HexFormat.of().parseHex(hex), 0);

        assertThatThrownBy(() -> SafetensorsFile.open(path))
                .isInstanceOf(CheckpointException.class)
                .hasMessageMatching(".*is damaged: its header is not (UTF-8|valid JSON).*");
    }

    @Test
    void refusesEveryTruncationOfAGoodFile() throws IOException {
        byte[] good = Files.readAllBytes(
                RawSafetensors.write(file(), "{\"t\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}", 16));

        for (int length = 0; length < good.length; length++) {
            Path path = Files.write(file(), Arrays.copyOf(good, length));

            assertThatThrownBy(() -> SafetensorsFile.open(path))
                    .as("first %d bytes", length)
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(path.toString());
        }
    }

    @Test
    void refusesAMissingFileAndADirectory() {
        assertRefused(directory.resolve("absent.safetensors"), "there is no file");
        assertRefused(directory, "is not a file");
    }

    @Test
    void namesAMissingTensor() throws IOException {
        try (SafetensorsFile opened = SafetensorsFile.open(RawSafetensors.write(file(), "{}", 0))) {
            assertThatThrownBy(() -> opened.tensor("t"))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("has no tensor t");
        }
    }

    @Test
    void noTensorIsReadableOnceClosed() throws IOException {
        SafetensorsFile opened = SafetensorsFile.open(
                RawSafetensors.write(file(), "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4));
        Tensor tensor = opened.tensor("t");
        opened.close();
        opened.close();

        assertThatThrownBy(() -> tensor.get(0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void mapsTheFileRatherThanReadingIt() throws IOException {
        Path path = RawSafetensors.write(file(), "{\"t\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]}}", 9);

        try (SafetensorsFile one = SafetensorsFile.open(path);
                SafetensorsFile two = SafetensorsFile.open(path)) {
            assertThat(one.tensor("t").data().isMapped()).isTrue();
            assertThat(one.dataDigest()).isEqualTo(two.dataDigest());
        }
    }

    private Path file() {
        return directory.resolve("a.safetensors");
    }

    private static void assertRefused(Path path, String complaint) {
        assertThatThrownBy(() -> SafetensorsFile.open(path))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining(complaint)
                .message()
                .doesNotContain("\n");
    }
}
