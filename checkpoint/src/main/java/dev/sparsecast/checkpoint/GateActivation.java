package dev.sparsecast.checkpoint;

/** The nonlinearity of a gated MLP, {@code f(x W_gate) · (x W_up)} (Shazeer 2020, arXiv 2002.05202). */
public enum GateActivation {
    /** {@code x · sigmoid(x)}. */
    SILU,

    /** {@code x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))}: GELU's approximation by tanh (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
    GELU_TANH
}
