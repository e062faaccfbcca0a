/** Names of inputs that hold what must not leave the machine. `token` alone would hit tokenizers and max_tokens. */
const secretName = /(?:^|_)(?:api_?key|secret|password|passwd|passphrase|credentials?|auth(?:orization)?|bearer|private_?key|access_?token|auth_?token|hf_?token|token)$/i;

/** Keys by the shape their makers gave them, and what stands before a host in an address. */
const secretShape =
  /\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{20,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bAKIA[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bxox[abp]-[\w-]{10,}|\br8_\w{20,}|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.|\bBearer\s+\S{12,}|:\/\/[^\s/:@]+:[^\s/@]+@|-----BEGIN [A-Z ]*PRIVATE KEY/;

/** Whether text looks like a key or holds one. */
export function looksSecret(text: string): boolean {
  return secretShape.test(text);
}

/** Whether an input of this name holds a secret, whatever it looks like. */
export function isSecretName(input: string): boolean {
  return secretName.test(input.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[\s.-]+/g, "_"));
}
