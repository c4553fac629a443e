/** Who is calling. */
export interface Principal {
  /**
   * The same at every call, and no two principals of one relay share it; any text. Conversations belong to it. The package's
   * own begin with their kind, such as `api-key:alice`, so that an `anyOf` cannot mix them up.
   */
  readonly id: string;
  /** Nobody in particular: a conversation's id is then all that protects it. Default: false. */
  readonly isAnonymous?: boolean | undefined;
}
