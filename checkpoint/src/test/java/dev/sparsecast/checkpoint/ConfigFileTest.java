package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
                "'hidden_act':'gelu' | hidden_act \"gelu\", which is not supported",
                "'attention_bias':true | attention_bias true, which is not supported",
                "'mlp_bias':true | mlp_bias true, which is not supported",
                "'attention_bias':'no' | the attention_bias \"no\", expected true or false",
                "'quantization_config':{'bits':4} | quantization_config",
                "'rope_scaling':{'type':'linear','factor':2.0} | rope_scaling with type \"linear\"",
                "'rope_scaling':{'rope_type':'llama3','factor':8.0} | rope_scaling with rope_type \"llama3\"",
                "'rope_parameters':{'rope_type':'yarn'} | rope_parameters with rope_type \"yarn\"",
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
