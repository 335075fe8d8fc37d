"""One open transaction, with a store for each port."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from storage.article import SqlArticles
from storage.attention import SqlAttention
from storage.ballot import SqlBallots
from storage.campaign import SqlCampaigns
from storage.certification import SqlCertifications
from storage.crowd import SqlCrowds
from storage.directory import SqlDirectory, SqlMemberships
from storage.enrolment import SqlEnrolments
from storage.expert import SqlExperts
from storage.happening import SqlHappenings
from storage.inbox import SqlInbox
from storage.issue import SqlIssues
from storage.library import SqlLibrary
from storage.narration import SqlCommunities, SqlKin, SqlNarrations
from storage.outbox import SqlOutbox
from storage.pack import SqlPacks
from storage.people import SqlPeople
from storage.practice import SqlPractice
from storage.question import SqlQuestions
from storage.quiz import SqlAttempts, SqlNeeds
from storage.relay import SqlRelay
from storage.revision import Revisions
from storage.seal import Seal
from storage.slot import SqlSlots
from storage.timer import SqlTimers
from storage.tip import SqlTips
from storage.topic import SqlTopics
from storage.truth import SqlTruth
from storage.waiver import SqlWaivers

if TYPE_CHECKING:
    from bot.capabilities.questions.memory import Memory


class SqlWork:
    """What every capability needs of an open transaction; `Database` begins and ends it."""

    def __init__(self, connection: Connection, seal: Seal, memory: "Memory") -> None:
        self.revisions = revisions = Revisions(connection)
        self.inbox = SqlInbox(connection, seal)
        self.outbox = SqlOutbox(connection, seal)
        self.attention = SqlAttention(connection)
        self.timers = SqlTimers(connection)
        self.people = SqlPeople(connection)
        self.slots = SqlSlots(connection)
        self.relay = SqlRelay(connection, seal)
        self.happenings = SqlHappenings(connection)
        self.truth = SqlTruth(connection)
        self.crowds = SqlCrowds(connection)
        self.directory = SqlDirectory(connection)
        self.memberships = SqlMemberships(connection)
        self.topics = SqlTopics(connection)
        self.experts = SqlExperts(connection)
        self.questions = SqlQuestions(connection, revisions, seal)
        self.articles = SqlArticles(connection, revisions)
        self.campaigns = SqlCampaigns(connection)
        self.enrolments = SqlEnrolments(connection)
        self.ballots = SqlBallots(connection)
        self.packs = SqlPacks(connection)
        self.attempts = SqlAttempts(connection)
        self.needs = SqlNeeds(connection)
        self.certifications = SqlCertifications(connection)
        self.waivers = SqlWaivers(connection)
        self.tips = SqlTips(connection)
        self.practice = SqlPractice(connection)
        self.issues = SqlIssues(connection)
        self.library = self.attached = SqlLibrary(connection, seal)
        self.narrations = SqlNarrations(connection, seal)
        self.communities = SqlCommunities(connection)
        self.kin = SqlKin(connection)
        self.memory = memory
