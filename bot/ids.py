"""Names for the kinds of identifier, so that one cannot be passed for another."""

from typing import NewType

WorkspaceId = NewType("WorkspaceId", str)
PersonId = NewType("PersonId", str)
TopicId = NewType("TopicId", str)
QuestionId = NewType("QuestionId", str)
AnswerId = NewType("AnswerId", str)
ArticleId = NewType("ArticleId", str)
CampaignId = NewType("CampaignId", str)
AttemptId = NewType("AttemptId", str)
CertificationId = NewType("CertificationId", str)
IssueId = NewType("IssueId", str)
