package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigFileTest {
    private static final String LEAST = "'architectures':['LlamaForCausalLM'],'hidden_size':64,'intermediate_size':96,"
            + "'num_hidden_layers':2,'num_attention_heads':4,'vocab_size':100";

    @TempDir
    Path directory;

    @Test
    void absentFieldsHaveTheDefaultsOfTransformers() throws IOException {
        ModelConfig expected = ModelConfig.llama(64, 96, 2, 4, 4, 16, 100, 2048, 1e-6, 10_000, false);

        assertThat(read("{" + LEAST + "}")).isEqualTo(expected);
        assertThat(read("{" + LEAST
                        + ",'num_key_value_heads':null,'head_dim':null,'rope_scaling':null,'rope_parameters':null,"
                        + "'quantization_config':null,'attention_bias':null,'tie_word_embeddings':null}"))
                .isEqualTo(expected);
    }

    @Test
    void readsEveryField() throws IOException {
        assertThat(read("{" + LEAST
                        + ",'num_key_value_heads':2,'head_dim':8,'max_position_embeddings':77,'rms_norm_eps':0.5,"
                        + "'rope_theta':5e5,'tie_word_embeddings':true,'hidden_act':'silu','attention_bias':false}"))
                .isEqualTo(ModelConfig.llama(64, 96, 2, 4, 2, 8, 100, 77, 0.5, 5e5, true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'rope_parameters':{'rope_type':'default','rope_theta':250000.0} | 250000",
                "'rope_parameters':{'rope_theta':250000},'rope_theta':7 | 250000",
                "'rope_parameters':{'rope_type':'default'},'rope_theta':7 | 7",
                "'rope_scaling':{'type':'default'},'rope_theta':7 | 7",
                "'rope_scaling':{'rope_type':'default','factor':null} | 10000",
                "'rope_parameters':{'rope_type':'default','rope_theta':3,'partial_rotary_factor':1.0} | 3",
            })
    void readsTheBaseOfRotaryPositionsWhereverItIsWritten(String fields, double theta) throws IOException {
        assertThat(read("{" + LEAST + "," + fields + "}").rotary().theta()).isEqualTo(theta);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'rope_scaling':{'type':'linear','factor':4},'rope_theta':7 | 4",
                "'rope_parameters':{'rope_type':'linear','factor':4.0,'rope_theta':7} | 4",
                "'rope_parameters':{'rope_type':'default','rope_theta':7},'rope_scaling':{'type':'linear','factor':3},'rope_theta':7 | 3",
                "'rope_parameters':{'rope_type':'linear','factor':4},'rope_scaling':{},'rope_theta':7 | 4",
            })
    void readsLinearScaling(String fields, double factor) throws IOException {
        assertThat(read("{" + LEAST + "," + fields + "}").rotary())
                .isEqualTo(new RotaryPositions(7, new RotaryPositions.Linear(factor)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'rope_theta':5e5,'rope_scaling':{'rope_type':'llama3',FACTORS,'original_max_position_embeddings':64} | 64",
                "'rope_parameters':{'rope_theta':5e5,'rope_type':'llama3',FACTORS,'original_max_position_embeddings':64} | 64",
                "'rope_theta':5e5,'rope_scaling':{'rope_type':'llama3',FACTORS},'max_position_embeddings':300 | 300",
                "'rope_theta':5e5,'rope_scaling':{'rope_type':'llama3',FACTORS,'original_max_position_embeddings':64},'original_max_position_embeddings':32 | 32",
            })
    void readsTheScalingOfLlama3(String fields, int original) throws IOException {
        String factors = "'factor':8.0,'low_freq_factor':1,'high_freq_factor':4.0";

        assertThat(read("{" + LEAST + "," + fields.replace("FACTORS", factors) + "}")
                        .rotary())
                .isEqualTo(new RotaryPositions(5e5, new RotaryPositions.Llama3(8, 1, 4, original)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "none",
            value = {
                // architecture | fields | key-value heads | head width | positions | tied | activation | biases of
                // q,k,v o mlp | traits | window
                "Llama | `` | 64 | 2 | 2048 | false | SILU | --- | --- | none",
                "Llama | 'attention_bias':true | 64 | 2 | 2048 | false | SILU | qo- | --- | none",
                "Llama | 'mlp_bias':true,'sliding_window':7 | 64 | 2 | 2048 | false | SILU | --m | --- | none",
                "Llama | 'hidden_act':'gelu_pytorch_tanh' | 64 | 2 | 2048 | false | GELU_TANH | --- | --- | none",
                "Mistral | `` | 8 | 2 | 131072 | false | SILU | --- | --- | 4096",
                "Mistral | 'num_key_value_heads':null,'sliding_window':null | 64 | 2 | 131072 | false | SILU | --- | --- | none",
                "Mistral | 'sliding_window':17,'head_dim':6,'attention_bias':true | 8 | 6 | 131072 | false | SILU | --- | --- | 17",
                "Qwen2 | `` | 32 | 2 | 32768 | false | SILU | q-- | --- | none",
                "Qwen2 | 'sliding_window':32768,'max_window_layers':0 | 32 | 2 | 32768 | false | SILU | q-- | --- | none",
                "Qwen2 | 'use_sliding_window':true | 32 | 2 | 32768 | false | SILU | q-- | --- | none",
                "Qwen2 | 'use_sliding_window':true,'max_window_layers':0 | 32 | 2 | 32768 | false | SILU | q-- | --- | 4096",
                "Qwen2 | 'use_sliding_window':true,'max_window_layers':0,'sliding_window':null | 32 | 2 | 32768 | false | SILU | q-- | --- | none",
                "Qwen2 | 'use_sliding_window':true,'sliding_window':9,'layer_types':['sliding_attention','sliding_attention'] | 32 | 2 | 32768 | false | SILU | q-- | --- | 9",
                "Qwen2 | 'use_sliding_window':true,'max_window_layers':0,'layer_types':['full_attention','full_attention'] | 32 | 2 | 32768 | false | SILU | q-- | --- | none",
                "Qwen3 | `` | 32 | 128 | 32768 | false | SILU | --- | h-- | none",
                "Qwen3 | 'attention_bias':true,'tie_word_embeddings':true | 32 | 128 | 32768 | true | SILU | qo- | h-- | none",
                "Gemma | `` | 16 | 256 | 8192 | true | GELU_TANH | --- | -1s | none",
                "Gemma | 'hidden_act':'gelu','hidden_activation':null | 16 | 256 | 8192 | true | GELU_TANH | --- | -1s | none",
                "Gemma | 'hidden_act':'gelu','hidden_activation':'gelu_pytorch_tanh' | 16 | 256 | 8192 | true | GELU_TANH | --- | -1s | none",
                "Gemma | 'hidden_act':'silu','attention_bias':true | 16 | 256 | 8192 | true | SILU | qo- | -1s | none",
            })
    void readsEveryFamilyWithTheDefaultsOfTransformers(
            String family,
            String fields,
            int keyValueHeads,
            int headDim,
            int maxPositions,
            boolean tied,
            GateActivation activation,
            String biases,
            String traits,
            @Nullable Integer window)
            throws IOException {
        ModelConfig config = read("{" + ofFamily(family) + (fields.isEmpty() ? "" : "," + fields) + "}");

        assertThat(config.family().architecture()).isEqualTo(family + "ForCausalLM");
        assertThat(config)
                .isEqualTo(new ModelConfig(
                        config.family(),
                        128,
                        96,
                        2,
                        64,
                        keyValueHeads,
                        headDim,
                        100,
                        maxPositions,
                        1e-6,
                        RotaryPositions.unscaled(10_000),
                        tied,
                        new BlockTraits(
                                activation,
                                biases.contains("q"),
                                biases.contains("o"),
                                biases.contains("m"),
                                traits.contains("h"),
                                traits.contains("1"),
                                traits.contains("s"),
                                window == null ? OptionalInt.empty() : OptionalInt.of(window))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Mistral | 'sliding_window':0 | the sliding_window 0, expected a positive whole number",
                "Mistral | 'hidden_act':'relu' | hidden_act \"relu\", which is not supported",
                "Qwen2 | 'use_sliding_window':true,'max_window_layers':1 | max_window_layers 1, which is not supported; supported is one sliding_window in all 2 layers, or none",
                "Qwen2 | 'use_sliding_window':true,'max_window_layers':-1 | the max_window_layers -1, expected a whole number",
                "Qwen2 | 'layer_types':['sliding_attention','sliding_attention'] | layer_types",
                "Qwen3 | 'layer_types':['full_attention','sliding_attention'],'use_sliding_window':true | layer_types",
                "Qwen3 | 'layer_types':['full_attention'] | layer_types [\"full_attention\"], expected a list of 2",
                "Qwen3 | 'layer_types':['full_attention','linear_attention'] | layer_types \"linear_attention\", which is not supported",
                "Qwen3 | 'head_dim':null | has no head_dim",
                "Qwen2 | 'num_key_value_heads':33 | not divisible by its num_key_value_heads 33",
                "Gemma | 'use_bidirectional_attention':true | use_bidirectional_attention true, which is not supported",
                "Gemma | 'hidden_activation':'gelu' | hidden_activation \"gelu\", which is not supported",
                "Gemma | 'hidden_act':'gelu_new' | hidden_act \"gelu_new\", which is not supported",
                "Gemma2 | `` | the architecture 'Gemma2ForCausalLM', which is not supported",
                "Qwen2Moe | `` | supported are LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, GemmaForCausalLM",
            })
    void refusesWhatAFamilyDoesNotDo(String family, String fields, String complaint) {
        assertRefused("{" + ofFamily(family) + (fields.isEmpty() ? "" : "," + fields) + "}", complaint);
    }

    /** A config with enough heads for every family's defaults. */
    private static String ofFamily(String family) {
        return LEAST.replace("Llama", family)
                .replace("'hidden_size':64", "'hidden_size':128")
                .replace("'num_attention_heads':4", "'num_attention_heads':64");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'hidden_act':'gelu' | hidden_act \"gelu\", which is not supported",
                "'attention_bias':'no' | the attention_bias \"no\", expected true or false",
                "'quantization_config':{'bits':4} | quantization_config",
                "'compression_config':{} | compression_config; quantized checkpoints are not supported",
                "'rope_scaling':{'type':'linear'} | has no factor",
                "'rope_scaling':{'type':'linear','factor':-2} | the factor -2, expected a positive number",
                "'rope_scaling':{'type':'dynamic','factor':2.0} | rope_scaling with type \"dynamic\"",
                "'rope_scaling':{'type':7} | the type 7, expected a string",
                "'rope_scaling':{'rope_type':'longrope'} | rope_scaling with rope_type \"longrope\", which is not supported",
                "'rope_scaling':{'rope_type':'llama3','factor':8.0} | has no low_freq_factor",
                "'rope_scaling':{'rope_type':'llama3','low_freq_factor':4,'high_freq_factor':4} | the low_freq_factor 4, expected less than its high_freq_factor 4.0",
                "'rope_scaling':{'rope_type':'llama3','factor':8,'beta_fast':32} | rope_scaling with beta_fast 32",
                "'rope_parameters':{'rope_type':'yarn'} | rope_parameters with rope_type \"yarn\"",
                "'partial_rotary_factor':0.25 | partial_rotary_factor 0.25, which is not supported",
                "'rope_parameters':{'rope_type':'default','factor':4} | rope_parameters with factor 4",
                "'rope_parameters':{'partial_rotary_factor':0.5} | rope_parameters with partial_rotary_factor 0.5",
                "'rope_parameters':{'full_attention':{'rope_theta':3}} | rope_parameters with full_attention",
                "'rope_scaling':'linear' | the rope_scaling \"linear\", expected an object",
                "'rope_theta':0 | the rope_theta 0, expected a positive number",
                "'rope_theta':1e999 | the rope_theta",
                "'rope_theta':'1e4' | the rope_theta \"1e4\"",
                "'rope_parameters':{'rope_theta':-1} | the rope_theta -1",
                "'rms_norm_eps':-1e-5 | the rms_norm_eps",
                "'num_key_value_heads':3 | not divisible by its num_key_value_heads 3",
                "'num_key_value_heads':0 | the num_key_value_heads 0, expected a positive whole number",
                "'head_dim':7 | the head_dim 7; rotary positions need an even one",
                "'head_dim':1073741824 | too large",
                "'head_dim':16.0 | the head_dim 16.0, expected a positive whole number",
                "'max_position_embeddings':4294967296 | the max_position_embeddings 4294967296",
                "'tie_word_embeddings':1 | the tie_word_embeddings 1, expected true or false",
            })
    void refusesWhatIsNotImplementedByName(String fields, String complaint) throws IOException {
        assertRefused("{" + LEAST + "," + fields + "}", complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'LlamaForCausalLM' | 'GPT2LMHeadModel' | 'GPT2LMHeadModel', which is not supported; supported are LlamaForCausalLM",
                "'LlamaForCausalLM' | 'LlamaForCausalLM','X' | must name one architecture",
                "'LlamaForCausalLM' | `` | must name one architecture",
                "'LlamaForCausalLM' | 7 | which is not supported",
                "['LlamaForCausalLM'] | 'LlamaForCausalLM' | must name one architecture",
                "'hidden_size':64 | 'hidden_size':63 | the hidden_size 63, which is not divisible by its num_attention_heads 4",
                "'hidden_size':64, | `` | has no hidden_size",
                "'vocab_size':100 | 'vocab_size':-100 | the vocab_size -100",
                "'num_hidden_layers':2 | 'num_hidden_layers':null | has no num_hidden_layers",
                "'num_attention_heads':4 | 'num_attention_heads':4,'num_attention_heads':8 | not valid JSON",
                "'architectures':['LlamaForCausalLM'], | `` | must name one architecture",
            })
    void refusesAConfigThatLacksOrGarblesSomething(String find, String replace, String complaint) throws IOException {
        assertRefused("{" + LEAST.replace(find, replace) + "}", complaint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | not",
                "[] | does not hold a JSON object",
                "null | does not hold a JSON object",
                "{'a':1 | is not valid JSON",
                "{} x | is not valid JSON",
            })
    void refusesAFileThatIsNotAnObject(String content, String complaint) throws IOException {
        assertRefused(content, complaint);
    }

    @Test
    void refusesAFileThatIsNotUtf8() throws IOException {
        Path file = Files.write(directory.resolve("config.json"), new byte[] {'{', '"', (byte) 0xff, '"'});

        assertThatThrownBy(() -> ConfigFile.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("it is not UTF-8");
    }

    private ModelConfig read(String config) throws IOException {
        return ConfigFile.read(Files.writeString(directory.resolve("config.json"), config.replace('\'', '"')));
    }

    private void assertRefused(String config, String complaint) {
        assertThatThrownBy(() -> read(config))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(directory.resolve("config.json").toString())
                .hasMessageContaining(complaint)
                .message()
                .doesNotContain("\n");
    }
}
