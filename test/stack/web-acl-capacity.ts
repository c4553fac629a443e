/** Capacity units of a statement in a template, as the statements' pages in the AWS WAF Developer Guide have them; NaN where it is not known. */
export function capacityOf(statement: Readonly<Record<string, unknown>>): number {
  const [[type, value] = ['', {}]] = Object.entries(statement) as [string, Record<string, unknown>][];
  const nested = (inner: unknown) => (inner === undefined ? 0 : capacityOf(inner as Record<string, unknown>));
  const transformed = (transformations: unknown) =>
    (transformations as { readonly Type: string }[]).filter(({ Type }) => Type !== 'NONE').length * 10;
  switch (type) {
    case 'ManagedRuleGroupStatement':
      return (
        {
          AWSManagedRulesAmazonIpReputationList: 25,
          AWSManagedRulesCommonRuleSet: 700,
          AWSManagedRulesKnownBadInputsRuleSet: 200,
        }[String(value['Name'])] ?? Number.NaN
      );
    case 'RateBasedStatement':
      return ((value['CustomKeys'] ?? []) as { readonly Header: Record<string, unknown> }[]).reduce(
        (sum, { Header: header }) => sum + 30 + transformed(header['TextTransformations']),
        2 + nested(value['ScopeDownStatement']),
      );
    case 'AndStatement':
    case 'OrStatement':
      return (value['Statements'] as unknown[]).reduce<number>((sum, inner) => sum + nested(inner), 0);
    case 'NotStatement':
      return nested(value['Statement']);
    case 'SizeConstraintStatement':
      return 1 + transformed(value['TextTransformations']);
    case 'ByteMatchStatement':
      return 2 + transformed(value['TextTransformations']);
    case 'RegexMatchStatement':
      return 3 + transformed(value['TextTransformations']);
    default:
      return Number.NaN;
  }
}
