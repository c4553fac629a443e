import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { block, observe } from './firewall-rule.ts';
import type { UnorderedRule } from './firewall-rule.ts';

/** The most that AWS WAF can be told to look at of a body behind CloudFront, in bytes (`AssociationConfig`, API Reference). */
const maxInspectedBytes = 65_536;

/** What it looks at unless it is told, and paid, to look at more, in bytes. */
const inspectedBytes = 16_384;

/** What Lambda@Edge can hash, in bytes: over it the function at the edge answers 413 itself. */
export const maxEdgeBodyBytes = 1_048_576;

const noTransformation = [{ priority: 0, type: 'NONE' }];
const contentLength: CfnWebACL.FieldToMatchProperty = { singleHeader: { Name: 'content-length' } };

/**
 * Refuses bodies over a size.
 *
 * AWS WAF measures what it is shown of a body, not the body ("Size constraint rule statement", AWS WAF Developer Guide): a
 * constraint over 64 KB never matches, or with `MATCH` for oversize bodies matches all that it cannot see whole. Beyond
 * that only the header tells. A body without one, of a size between this limit and the edge's own, is refused where
 * there is such a gap, as soon as it has more than is looked at.
 */
export function createBodySizeRule(maxBodyBytes: number): UnorderedRule {
  const name = 'BodySize';
  return {
    name,
    action: block('payload_too_large'),
    statement: exceeds(maxBodyBytes),
    visibilityConfig: observe(name),
  };
}

/** The least that WAF has to look at for the rule; undefined where that is its default. */
export function findInspectionLimit(maxBodyBytes: number): string | undefined {
  if (maxBodyBytes <= inspectedBytes || maxBodyBytes > maxInspectedBytes) return undefined;
  return `KB_${Math.ceil(maxBodyBytes / inspectedBytes) * 16}`;
}

/** What the viewer of a body that is refused is told. */
export function describeBodyLimit(maxBodyBytes: number): string {
  const isHidden = maxBodyBytes > maxInspectedBytes && maxBodyBytes < maxEdgeBodyBytes;
  const declaration = isHidden ? `, and over ${inspectedBytes} it has to say its size in "content-length"` : '';
  return `the body is too large; at most ${maxBodyBytes} bytes are allowed${declaration}`;
}

function exceeds(maxBodyBytes: number): CfnWebACL.StatementProperty {
  if (maxBodyBytes <= maxInspectedBytes) return isLonger(maxBodyBytes);
  const isDeclaredLonger: CfnWebACL.StatementProperty = {
    regexMatchStatement: {
      fieldToMatch: contentLength,
      regexString: writeGreaterThan(maxBodyBytes),
      textTransformations: noTransformation,
    },
  };
  if (maxBodyBytes === maxEdgeBodyBytes) return isDeclaredLonger;
  const isDeclared: CfnWebACL.StatementProperty = {
    sizeConstraintStatement: {
      fieldToMatch: contentLength,
      comparisonOperator: 'GT',
      size: 0,
      textTransformations: noTransformation,
    },
  };
  const isHidden: CfnWebACL.StatementProperty = {
    andStatement: { statements: [isLonger(inspectedBytes), { notStatement: { statement: isDeclared } }] },
  };
  return { orStatement: { statements: [isDeclaredLonger, isHidden] } };
}

function isLonger(bytes: number): CfnWebACL.StatementProperty {
  return {
    sizeConstraintStatement: {
      fieldToMatch: { body: { oversizeHandling: 'MATCH' } },
      comparisonOperator: 'GT',
      size: bytes,
      textTransformations: noTransformation,
    },
  };
}

/**
 * A regular expression for the decimal numbers greater than this one, also with zeros in front. AWS WAF compares no numbers,
 * and knows neither look-arounds nor back-references ("Supported regular expression syntax").
 */
export function writeGreaterThan(limit: number): string {
  const digits = String(limit);
  const longer = `[1-9][0-9]{${digits.length},}`;
  const greater = Array.from(digits).flatMap((digit, index) => {
    if (digit === '9') return [];
    const rest = digits.length - index - 1;
    return [`${digits.slice(0, index)}[${Number(digit) + 1}-9]${rest === 0 ? '' : `[0-9]{${rest}}`}`];
  });
  return `^0*(?:${[longer, ...greater].join('|')})$`;
}
